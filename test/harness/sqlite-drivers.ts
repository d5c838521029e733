import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import type { SqliteClient } from 'nest-saga/sqlite';

/** A connection that can be closed, as all drivers have it. */
export interface OpenedClient extends SqliteClient {
  close(): void;
}

/** A driver that this Node can run. */
export interface SqliteDriver {
  readonly name: string;
  open(file: string): OpenedClient;
}

const libsql: SqliteDriver = { name: 'libsql', open: (file) => new Database(file) };

/** libsql, and node:sqlite where Node has it (22 and later). The tests run on each, and say which in their names. */
export const sqliteDrivers: readonly SqliteDriver[] = [libsql, ...nodeSqlite()];

function nodeSqlite(): readonly SqliteDriver[] {
  if (Number(process.versions.node.split('.')[0]) < 22) return [];
  const { DatabaseSync } = createRequire(import.meta.url)('node:sqlite') as {
    DatabaseSync: new (file: string) => OpenedClient;
  };
  return [{ name: 'node:sqlite', open: (file) => new DatabaseSync(file) }];
}

/** A file that nobody else uses. */
export function freshFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'nest-saga-')), 'sagas.db');
}
