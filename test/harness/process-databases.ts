import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { problemOfServer, serverConfig } from './postgres-config.js';
import type { StorageLocation, StorageName } from './process-storage.js';

/** An empty place for sagas that several processes share, and nobody else. */
export interface ProcessDatabase {
  readonly location: StorageLocation;
  /** Another one with the same content. Nobody may write meanwhile. */
  fork(): Promise<ProcessDatabase>;
  drop(): Promise<void>;
}

/** A kind of database whose sagas several processes can share. */
export interface DatabaseKind {
  readonly name: StorageName;
  /** What people call it. */
  readonly title: string;
  /** Why it cannot be used here; `undefined` when it can. */
  problem(): Promise<string | undefined>;
  create(): Promise<ProcessDatabase>;
}

/** Every storage that processes can share. Whatever runs over this table runs on a new storage by one more line. */
export const DATABASES: readonly DatabaseKind[] = [
  { name: 'sqlite', title: 'SQLite', problem: () => Promise.resolve(undefined), create: () => sqliteFile() },
  { name: 'postgres', title: 'PostgreSQL', problem: problemOfServer, create: () => postgresSchema() },
];

async function sqliteFile(copyOf?: string): Promise<ProcessDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'nest-saga-processes-'));
  if (copyOf !== undefined) cpSync(copyOf, folder, { recursive: true });
  return {
    location: { storage: 'sqlite', file: join(folder, 'sagas.db') },
    fork: () => sqliteFile(folder),
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function postgresSchema(copyOf?: string): Promise<ProcessDatabase> {
  const schema = `nest_saga_processes_${crypto.randomUUID().replaceAll('-', '')}`;
  await onPostgres(`CREATE SCHEMA ${schema}`);
  if (copyOf !== undefined) await copyTables(copyOf, schema);
  return {
    location: { storage: 'postgres', server: serverConfig, schema },
    fork: () => postgresSchema(schema),
    drop: async () => {
      await onPostgres(`DROP SCHEMA ${schema} CASCADE`);
    },
  };
}

async function copyTables(from: string, to: string): Promise<void> {
  const tables = await onPostgres(`SELECT tablename AS name FROM pg_tables WHERE schemaname = '${from}'`);
  const copies = tables.flatMap(({ name }) => [
    `CREATE TABLE ${to}.${name} (LIKE ${from}.${name} INCLUDING ALL)`,
    `INSERT INTO ${to}.${name} OVERRIDING SYSTEM VALUE SELECT * FROM ${from}.${name}`,
  ]);
  await onPostgres(copies.join(';'));
}

async function onPostgres(sql: string): Promise<{ readonly name: string }[]> {
  const client = new Client(serverConfig);
  await client.connect();
  try {
    return (await client.query<{ name: string }>(sql)).rows;
  } finally {
    await client.end();
  }
}
