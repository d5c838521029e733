import { createHash } from 'node:crypto';
import { StorageNotMigratedError } from '../../errors/storage-not-migrated-error.js';
import { StorageUnavailableError } from '../../errors/storage-unavailable-error.js';
import { StorageVersionError } from '../../errors/storage-version-error.js';
import { isTableMissing } from './driver-error.js';
import { migrationScript } from '../sql/migration-script.js';
import { sagas } from './migrations/0001-sagas.js';
import type { MysqlConnection, MysqlSession } from './mysql-connection.js';
import type { MysqlTables } from './mysql-tables.js';

/** A numbered change of the tables. Once released it is never edited: later ones are added behind it. */
export interface MysqlMigration {
  /** 1, 2, 3 … */
  readonly version: number;
  /** What it changes, in lower case with hyphens: fit for the name of a file. */
  readonly name: string;
  /** In their order; the last one notes that the migration has run. Each may run twice, because each commits on its own. */
  readonly statements: readonly string[];
  /** All of them in one text, for tools that take files. */
  readonly sql: string;
}

interface Change {
  readonly name: string;
  readonly statements: (tables: MysqlTables) => readonly string[];
}

const CHANGES: readonly Change[] = [{ name: 'sagas', statements: sagas }];

/** A migration of large tables takes its time, and replicas that start meanwhile wait for it. In seconds. */
const LOCK_TIMEOUT = 600;

/** Locks by name belong to the whole server, so the name tells databases apart. It may have 64 characters. */
const SELECT_DATABASE = 'SELECT CAST(DATABASE() AS BINARY) AS name';

/** All migrations, in the order in which they run. */
export function migrationsFor(tables: MysqlTables): readonly MysqlMigration[] {
  return CHANGES.map(({ name }, i) => {
    const statements = statementsOf(i + 1, tables);
    return { version: i + 1, name, statements, sql: migrationScript(statements) };
  });
}

/**
 * Runs the missing migrations. They are looked for again under a lock, so that of several replicas which start at once one runs them
 * and the others find them done. The lock ends with its connection, so a replica that dies keeps nobody waiting.
 *
 * @throws StorageVersionError when a newer release made the tables.
 */
export async function migrate(connection: MysqlConnection): Promise<void> {
  const { tables } = connection;
  if ((await missingMigrations(connection, tables)).length === 0) return;
  const run = async (session: MysqlSession) => {
    const lock = await lockName(session, tables);
    const [locked] = await session.allOnce<{ granted: number | null }>(
      'SELECT GET_LOCK(?, ?) AS granted',
      lock,
      LOCK_TIMEOUT,
    );
    if (Number(locked?.granted) !== 1) throw stillMigrating();
    try {
      for (const version of await missingMigrations(session, tables)) {
        for (const statement of statementsOf(version, tables)) await session.allOnce(statement);
      }
    } finally {
      await session.allOnce('SELECT RELEASE_LOCK(?) AS released', lock);
    }
  };
  await connection.transaction(run, { mayTakeLong: true });
}

/**
 * Checks the tables and changes nothing.
 *
 * @throws StorageNotMigratedError
 * @throws StorageVersionError when a newer release made the tables.
 */
export async function checkMigrated(connection: MysqlConnection): Promise<void> {
  const missing = await missingMigrations(connection, connection.tables);
  if (missing.length > 0) throw new StorageNotMigratedError(missing);
}

function statementsOf(version: number, tables: MysqlTables): readonly string[] {
  const change = CHANGES[version - 1];
  if (change === undefined) return [];
  const note = `INSERT INTO ${tables.migrations} (version, name) VALUES (${version}, '${change.name}') ON DUPLICATE KEY UPDATE version = version`;
  return [...change.statements(tables), note];
}

async function lockName(session: MysqlSession, { database, prefix }: MysqlTables): Promise<string> {
  const name = database ?? (await session.allOnce<{ name: string | null }>(SELECT_DATABASE))[0]?.name ?? '';
  return `nest-saga ${createHash('sha256')
    .update(JSON.stringify([name, prefix]))
    .digest('hex')
    .slice(0, 40)}`;
}

async function missingMigrations(session: MysqlSession, tables: MysqlTables): Promise<readonly number[]> {
  const applied = await appliedMigrations(session, tables);
  const newest = Math.max(0, ...applied);
  if (newest > CHANGES.length) throw new StorageVersionError({ found: newest, supported: CHANGES.length });
  return CHANGES.map((_, i) => i + 1).filter((version) => !applied.includes(version));
}

/** The catalogue says nothing of tables that the user has no right to: so it is tried. */
async function appliedMigrations(session: MysqlSession, { migrations }: MysqlTables): Promise<readonly number[]> {
  try {
    const rows = await session.allOnce<{ version: number }>(`SELECT version FROM ${migrations}`);
    return rows.map(({ version }) => version);
  } catch (error) {
    if (isTableMissing(error)) return [];
    throw error;
  }
}

function stillMigrating(): StorageUnavailableError {
  return new StorageUnavailableError(
    'locked',
    'Another process has been migrating the saga tables for ten minutes. Nothing was changed; start again when it has finished.',
  );
}
