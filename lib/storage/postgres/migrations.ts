import { setTimeout as delay } from 'node:timers/promises';
import { StorageNotMigratedError } from '../../errors/storage-not-migrated-error.js';
import { StorageUnavailableError } from '../../errors/storage-unavailable-error.js';
import { StorageVersionError } from '../../errors/storage-version-error.js';
import { migrationScript } from '../sql/migration-script.js';
import { sagaTables } from '../sql/saga-tables.js';
import { sagas } from './migrations/0001-sagas.js';
import { missingHandlers } from './migrations/0002-missing-handlers.js';
import { fairClaims } from './migrations/0003-fair-claims.js';
import { listedByName } from './migrations/0004-listed-by-name.js';
import type { PostgresConnection, PostgresSession } from './postgres-connection.js';
import { quoted, type PostgresTables } from './postgres-tables.js';

/** A numbered change of the tables. Once released it is never edited: later ones are added behind it. */
export interface PostgresMigration {
  /** 1, 2, 3 … */
  readonly version: number;
  /** What it changes, in lower case with hyphens: fit for the name of a file. */
  readonly name: string;
  /** In their order, to be run in one transaction; the last one notes that the migration has run. */
  readonly statements: readonly string[];
  /** All of them in one text, for tools that take files. */
  readonly sql: string;
}

interface Change {
  readonly name: string;
  readonly statements: (tables: PostgresTables) => readonly string[];
}

const CHANGES: readonly Change[] = [
  { name: 'sagas', statements: sagas },
  { name: 'missing-handlers', statements: missingHandlers },
  { name: 'fair-claims', statements: fairClaims },
  { name: 'listed-by-name', statements: listedByName },
];

/** One number for each set of tables in a database; replicas that start at once take their turns by it. */
const LOCK = `SELECT pg_advisory_xact_lock(hashtextextended($1, 0)) IS NOT NULL AS locked`;

/** Milliseconds. A migration of large tables takes its time, and replicas that start meanwhile wait for it. */
const LONGEST_WAIT = 600_000;

/** A turn may be long in coming, whatever limits a role has for its statements and transactions. Not every server has both. */
const TAKE_TIME = `SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN ('statement_timeout', 'transaction_timeout')`;

/**
 * A change of a table waits until all transactions have ended that have touched it, and everybody else who comes to the table waits behind it: so it
 * gives up soon, lets them pass, and is tried again. Not before a second, after which the server ends an autovacuum that is in the way.
 */
const WAIT_BRIEFLY = `SELECT set_config('lock_timeout', '2s', true)`;
/** Milliseconds between two tries. */
const PAUSE = 3_000;

/**
 * Not by `to_regclass()`, which may answer from a cache that is older than the lock. And not along the search path: tables in a later schema of it
 * are somebody else's.
 */
const SELECT_TABLE = `
  SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE relname = $1 AND nspname = coalesce($2::text, current_schema())`;

/** All migrations, in the order in which they run. */
export function migrationsFor(tables: PostgresTables): readonly PostgresMigration[] {
  return CHANGES.map(({ name }, i) => {
    const statements = statementsOf(i + 1, tables);
    return { version: i + 1, name, statements, sql: migrationScript(statements) };
  });
}

/**
 * Runs the missing migrations, each in a transaction of its own: what has run stays. They are looked for again under a lock, so that of several
 * replicas which start at once one runs them and the others find them done.
 *
 * @throws StorageVersionError when a newer release made the tables.
 * @throws StorageUnavailableError when the tables stayed locked for ten minutes.
 */
export async function migrate(connection: PostgresConnection): Promise<void> {
  const end = performance.now() + LONGEST_WAIT;
  let missing = (await missingMigrations(connection, connection.tables)).length;
  let pause = 0;
  while (missing > 0) {
    const left = Math.ceil(end - performance.now());
    try {
      missing = await migrateOnce(connection, { pause, wait: Math.max(1, left) });
      pause = 0;
    } catch (error) {
      if (!isLocked(error) || left <= 0) throw error;
      pause = PAUSE;
    }
  }
}

interface Patience {
  /** Milliseconds before a change is tried, in which those who work with the tables are not held up. */
  readonly pause: number;
  /** Milliseconds to wait for other replicas, at most. */
  readonly wait: number;
}

/**
 * Runs the next migration, if one is missing, and gives how many are missing behind it. The pause is made under the lock: however many replicas
 * try, the tables have it.
 */
function migrateOnce(connection: PostgresConnection, { pause, wait }: Patience): Promise<number> {
  const { tables } = connection;
  const run = async (session: PostgresSession) => {
    await session.allOnce(TAKE_TIME);
    await session.allOnce(LOCK, `nest-saga ${tables.migrations}`);
    const [version, ...behind] = await missingMigrations(session, tables);
    if (version === undefined) return 0;
    await delay(pause);
    await session.allOnce(WAIT_BRIEFLY);
    if (tables.schema !== undefined) await createSchema(session, tables.schema);
    for (const statement of statementsOf(version, tables)) await session.allOnce(statement);
    return behind.length;
  };
  return connection.transaction(run, { lockTimeout: `${wait}ms`, mayTakeLong: true });
}

function isLocked(error: unknown): boolean {
  return error instanceof StorageUnavailableError && error.reason === 'locked';
}

/**
 * Checks the tables and changes nothing.
 *
 * @throws StorageNotMigratedError
 * @throws StorageVersionError when a newer release made the tables.
 */
export async function checkMigrated(connection: PostgresConnection): Promise<void> {
  const missing = await missingMigrations(connection, connection.tables);
  if (missing.length > 0) throw new StorageNotMigratedError(missing);
}

function statementsOf(version: number, tables: PostgresTables): readonly string[] {
  const change = CHANGES[version - 1];
  if (change === undefined) return [];
  const note = `INSERT INTO ${tables.migrations} (version, name) VALUES (${version}, '${change.name}')`;
  return [...change.statements(tables), note];
}

/** Looks first: `IF NOT EXISTS` asks for the right to create schemas even where there is nothing to create. */
async function createSchema(session: PostgresSession, schema: string): Promise<void> {
  const found = await session.allOnce('SELECT FROM pg_namespace WHERE nspname = $1', schema);
  if (found.length === 0) await session.allOnce(`CREATE SCHEMA ${quoted(schema)}`);
}

async function missingMigrations(session: PostgresSession, tables: PostgresTables): Promise<readonly number[]> {
  const applied = await appliedMigrations(session, tables);
  const newest = Math.max(0, ...applied);
  if (newest > CHANGES.length) throw new StorageVersionError({ found: newest, supported: CHANGES.length });
  return CHANGES.map((_, i) => i + 1).filter((version) => !applied.includes(version));
}

async function appliedMigrations(session: PostgresSession, tables: PostgresTables): Promise<readonly number[]> {
  const { schema = null, prefix, migrations } = tables;
  const found = await session.allOnce(SELECT_TABLE, sagaTables(prefix).migrations, schema);
  if (found.length === 0) return [];
  const rows = await session.allOnce<{ version: number }>(`SELECT version FROM ${migrations}`);
  return rows.map(({ version }) => version);
}
