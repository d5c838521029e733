import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { Redis } from 'ioredis';
import { problemOfServer as problemOfMysql, serverConfig as mysqlConfig } from './mysql-config.js';
import { problemOfServer as problemOfPostgres, serverConfig } from './postgres-config.js';
import { problemOfServer as problemOfRedis, serverUrl } from './redis-config.js';
import { clearPrefix, copyPrefix } from './redis-keys.js';
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
  /** Whether steps can be transactional on it. */
  readonly sharesTransactions?: true;
  /** Why it cannot be used here; `undefined` when it can. */
  problem(): Promise<string | undefined>;
  create(): Promise<ProcessDatabase>;
}

/** Every storage that processes can share. Whatever runs over this table runs on a new storage by one more line. */
export const DATABASES: readonly DatabaseKind[] = [
  { name: 'sqlite', title: 'SQLite', problem: () => Promise.resolve(undefined), create: () => sqliteFile() },
  {
    name: 'postgres',
    title: 'PostgreSQL',
    sharesTransactions: true,
    problem: problemOfPostgres,
    create: () => postgresSchema(),
  },
  {
    name: 'mysql',
    title: 'MariaDB',
    sharesTransactions: true,
    problem: problemOfMysql,
    create: () => mysqlDatabase(),
  },
  { name: 'redis', title: 'Redis', problem: problemOfRedis, create: () => redisSpace() },
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

async function mysqlDatabase(copyOf?: string): Promise<ProcessDatabase> {
  const database = `nest_saga_processes_${crypto.randomUUID().replaceAll('-', '')}`;
  await onMysql(`CREATE DATABASE ${database}`);
  if (copyOf !== undefined) {
    const tables = `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = '${copyOf}'`;
    for (const { name } of await onMysql(tables)) {
      await onMysql(`CREATE TABLE ${database}.${name} LIKE ${copyOf}.${name}`);
      const columns = (await onMysql(storedColumns(copyOf, name))).map((column) => column.name).join();
      await onMysql(`INSERT INTO ${database}.${name} (${columns}) SELECT ${columns} FROM ${copyOf}.${name}`);
    }
  }
  return {
    location: { storage: 'mysql', server: { ...mysqlConfig, database } },
    fork: () => mysqlDatabase(database),
    drop: async () => {
      await onMysql(`DROP DATABASE ${database}`);
    },
  };
}

/** Those that are not computed from others. */
function storedColumns(database: string, table: string): string {
  return `SELECT column_name AS name FROM information_schema.columns
    WHERE table_schema = '${database}' AND table_name = '${table}' AND COALESCE(generation_expression, '') = ''`;
}

async function onMysql(sql: string): Promise<{ readonly name: string }[]> {
  const connection = await createConnection(mysqlConfig);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows as unknown as { readonly name: string }[];
  } finally {
    await connection.end();
  }
}

async function redisSpace(copyOf?: string): Promise<ProcessDatabase> {
  const keyPrefix = `{nest-saga-processes-${crypto.randomUUID()}}:`;
  if (copyOf !== undefined) await onRedis((client) => copyPrefix(client, copyOf, keyPrefix));
  return {
    location: { storage: 'redis', url: serverUrl, keyPrefix },
    fork: () => redisSpace(keyPrefix),
    drop: () => onRedis((client) => clearPrefix(client, keyPrefix)),
  };
}

async function onRedis(work: (client: Redis) => Promise<void>): Promise<void> {
  const client = new Redis(serverUrl);
  try {
    await work(client);
  } finally {
    client.disconnect();
  }
}
