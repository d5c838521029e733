import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createConnection } from 'mysql2/promise';
import { Redis } from 'ioredis';
import { problemOfServer as problemOfMysql, serverConfig as mysqlConfig } from './mysql-config.js';
import { problemOfServer as problemOfPostgres, serverConfig } from './postgres-config.js';
import { problemOfServer as problemOfRedis, serverUrl } from './redis-config.js';
import { clearPrefix } from './redis-keys.js';
import type { StorageLocation, StorageName } from './process-storage.js';

/** An empty place for sagas that several processes share, and nobody else. */
export interface ProcessDatabase {
  readonly location: StorageLocation;
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

async function sqliteFile(): Promise<ProcessDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'nest-saga-processes-'));
  return {
    location: { storage: 'sqlite', file: join(folder, 'sagas.db') },
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function postgresSchema(): Promise<ProcessDatabase> {
  const schema = `nest_saga_processes_${crypto.randomUUID().replaceAll('-', '')}`;
  await onPostgres(`CREATE SCHEMA ${schema}`);
  return {
    location: { storage: 'postgres', server: serverConfig, schema },
    drop: () => onPostgres(`DROP SCHEMA ${schema} CASCADE`),
  };
}

async function onPostgres(sql: string): Promise<void> {
  const client = new Client(serverConfig);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function mysqlDatabase(): Promise<ProcessDatabase> {
  const database = `nest_saga_processes_${crypto.randomUUID().replaceAll('-', '')}`;
  await onMysql(`CREATE DATABASE ${database}`);
  return {
    location: { storage: 'mysql', server: { ...mysqlConfig, database } },
    drop: () => onMysql(`DROP DATABASE ${database}`),
  };
}

async function onMysql(sql: string): Promise<void> {
  const connection = await createConnection(mysqlConfig);
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}

async function redisSpace(): Promise<ProcessDatabase> {
  const keyPrefix = `{nest-saga-processes-${crypto.randomUUID()}}:`;
  return {
    location: { storage: 'redis', url: serverUrl, keyPrefix },
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
