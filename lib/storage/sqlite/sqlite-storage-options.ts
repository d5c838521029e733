import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { isTablePrefix } from '../sql/saga-tables.js';
import type { SqliteClient } from './sqlite-client.js';

const SYNCHRONOUS = ['NORMAL', 'FULL', 'EXTRA'] as const;

/** How a {@link SqliteSagaStorage} works. */
export interface SqliteStorageOptions {
  /** An open database: `new Database('sagas.db')` of better-sqlite3 or libsql, `new DatabaseSync('sagas.db')` of node:sqlite. */
  readonly client: SqliteClient;
  /** Whether `open()` runs missing migrations, or refuses to work without them; default `true`. */
  readonly migrate?: boolean;
  /** What the tables' names begin with; default `saga_`. */
  readonly tablePrefix?: string;
  /** Milliseconds that a call waits for other processes' locks before it fails; default 5000. */
  readonly busyTimeout?: number;
  /**
   * SQLite's own setting; default `FULL`: what is committed survives a power failure. `NORMAL` survives the death of the
   * process only, and is faster.
   */
  readonly synchronous?: (typeof SYNCHRONOUS)[number];
}

/**
 * The options with their defaults.
 *
 * @throws SagaConfigurationError with all that is wrong with them.
 */
export function checkOptions(options: SqliteStorageOptions): Required<SqliteStorageOptions> {
  const { client, migrate = true, tablePrefix = 'saga_', busyTimeout = 5000, synchronous = 'FULL' } = options;
  const mistakes = [
    ...mistakeIf(!isClient(client), '`client` must be an open database of better-sqlite3, libsql or node:sqlite.'),
    ...mistakeIf(typeof migrate !== 'boolean', '`migrate` must be true or false.'),
    ...mistakeIf(
      !isTablePrefix(tablePrefix) || /^sqlite_/i.test(tablePrefix),
      '`tablePrefix` must be up to 32 letters, digits and underscores, begin with no digit and not with `sqlite_`.',
    ),
    ...mistakeIf(!(busyTimeout >= 0 && busyTimeout < Infinity), '`busyTimeout` must be milliseconds, 0 or more.'),
    ...mistakeIf(!SYNCHRONOUS.includes(synchronous), `\`synchronous\` must be one of ${SYNCHRONOUS.join(', ')}.`),
  ];
  if (mistakes.length > 0) throw new SagaConfigurationError(mistakes.map((text) => `SqliteSagaStorage: ${text}`));
  return { client, migrate, tablePrefix, busyTimeout, synchronous };
}

function mistakeIf(wrong: boolean, text: string): readonly string[] {
  return wrong ? [text] : [];
}

function isClient(client: Partial<SqliteClient> | null | undefined): boolean {
  return typeof client?.exec === 'function' && typeof client.prepare === 'function';
}
