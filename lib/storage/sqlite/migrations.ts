import { StorageNotMigratedError } from '../../errors/storage-not-migrated-error.js';
import { StorageVersionError } from '../../errors/storage-version-error.js';
import type { SagaTables, Sql } from '../sql/saga-tables.js';
import { NOW } from './database-clock.js';
import { sagas } from './migrations/0001-sagas.js';
import { loneWrites } from './migrations/0002-lone-writes.js';
import { missingHandlers } from './migrations/0003-missing-handlers.js';
import { listedByName } from './migrations/0004-listed-by-name.js';
import type { SqliteConnection } from './sqlite-connection.js';

/** A numbered change of the tables. Once released it is never edited: later ones are added behind it. */
export interface SqliteMigration {
  /** 1, 2, 3 … */
  readonly version: number;
  /** What it changes, in lower case with hyphens: fit for the name of a file. */
  readonly name: string;
  /** The statements, of which the last one notes that the migration has run. Run them in one transaction. */
  readonly sql: string;
}

const CHANGES: readonly { readonly name: string; readonly sql: Sql }[] = [
  { name: 'sagas', sql: sagas },
  { name: 'lone-writes', sql: loneWrites },
  { name: 'missing-handlers', sql: missingHandlers },
  { name: 'listed-by-name', sql: listedByName },
];

/** All migrations, in the order in which they run. */
export function migrationsFor(tables: SagaTables): readonly SqliteMigration[] {
  return CHANGES.map(({ name, sql }, i) => {
    const note = `INSERT INTO ${tables.migrations} (version, name, applied_at) VALUES (${i + 1}, '${name}', ${NOW});`;
    return { version: i + 1, name, sql: `${sql(tables).trim()}\n\n${note}\n` };
  });
}

/**
 * Runs the missing migrations. They are looked for again under the write lock, so that of several processes which open a
 * new file at once one runs them and the others find them done.
 *
 * @throws StorageVersionError when a newer release made the tables.
 */
export async function migrate(connection: SqliteConnection): Promise<void> {
  if ((await connection.read(() => missingMigrations(connection))).length === 0) return;
  await connection.write(() => {
    for (const { sql } of missingMigrations(connection)) connection.client.exec(sql);
  });
}

/**
 * Checks the tables and changes nothing.
 *
 * @throws StorageNotMigratedError
 * @throws StorageVersionError when a newer release made the tables.
 */
export async function checkMigrated(connection: SqliteConnection): Promise<void> {
  const missing = await connection.read(() => missingMigrations(connection));
  if (missing.length > 0) throw new StorageNotMigratedError(missing.map(({ version }) => version));
}

function missingMigrations(connection: SqliteConnection): readonly SqliteMigration[] {
  const migrations = migrationsFor(connection.tables);
  const found = appliedMigrations(connection);
  const newest = Math.max(0, ...found);
  if (newest > migrations.length) throw new StorageVersionError({ found: newest, supported: migrations.length });
  return migrations.filter(({ version }) => !found.includes(version));
}

function appliedMigrations(connection: SqliteConnection): readonly number[] {
  const { migrations } = connection.tables;
  const exists = connection.allOnce(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`, migrations);
  if (exists.length === 0) return [];
  return connection.allOnce<{ version: number }>(`SELECT version FROM ${migrations}`).map(({ version }) => version);
}
