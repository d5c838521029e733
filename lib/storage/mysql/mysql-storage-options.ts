import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { isTablePrefix } from '../sql/saga-tables.js';
import { isStorable } from '../sql/storable.js';
import type { MysqlCallbackPool, MysqlClient, MysqlPool } from './mysql-client.js';

/** How a {@link MysqlSagaStorage} works. */
export interface MysqlStorageOptions {
  /** What `createPool()` of `mysql2` or `mysql2/promise` gives, as it is, or another library's handle as a {@link MysqlClient}. */
  readonly client: MysqlPool | MysqlCallbackPool | MysqlClient;
  /** Whether `open()` runs missing migrations, or refuses to work without them; default `true`. */
  readonly migrate?: boolean;
  /** The database of the tables, which has to exist; default: the one that the client has chosen. */
  readonly database?: string;
  /** What the tables' names begin with; default `saga_`. */
  readonly tablePrefix?: string;
}

/** {@link MysqlStorageOptions} with their defaults. */
export interface CheckedOptions extends MysqlStorageOptions {
  readonly migrate: boolean;
  readonly tablePrefix: string;
}

/** As many characters as the name of a database may have. */
const LONGEST_NAME = 64;

/**
 * The options with their defaults.
 *
 * @throws SagaConfigurationError with all that is wrong with them.
 */
export function checkOptions(options: MysqlStorageOptions): CheckedOptions {
  const { client, migrate = true, database, tablePrefix = 'saga_' } = options;
  const mistakes = [
    ...mistakeIf(!isClient(client), '`client` must be a pool of mysql2, or have `query` and `transaction`.'),
    ...mistakeIf(
      refusesWhenBusy(client),
      '`client` must be a pool that waits for a free connection: set its option waitForConnections to true.',
    ),
    ...mistakeIf(typeof migrate !== 'boolean', '`migrate` must be true or false.'),
    ...mistakeIf(
      database !== undefined && !isDatabaseName(database),
      '`database` must be the name of a database, without quotes.',
    ),
    ...mistakeIf(
      !isTablePrefix(tablePrefix) || tablePrefix !== tablePrefix.toLowerCase(),
      '`tablePrefix` must be up to 32 lower-case letters, digits and underscores, and begin with no digit.',
    ),
  ];
  if (mistakes.length > 0) throw new SagaConfigurationError(mistakes.map((text) => `MysqlSagaStorage: ${text}`));
  return { client, migrate, tablePrefix, ...(database !== undefined && { database }) };
}

function mistakeIf(wrong: boolean, text: string): readonly string[] {
  return wrong ? [text] : [];
}

function isDatabaseName(database: unknown): boolean {
  return isStorable(database) && database !== '' && database.length <= LONGEST_NAME && !/[/\\.]|\s$/.test(database);
}

function isClient(client: unknown): boolean {
  if (typeof client !== 'object' || client === null) return false;
  const { query, transaction, getConnection } = client as Partial<MysqlPool & MysqlClient>;
  return typeof query === 'function' && (typeof transaction === 'function' || typeof getConnection === 'function');
}

/** Both kinds of pool carry their options along, one of them in the other. */
function refusesWhenBusy(client: unknown): boolean {
  if (!isClient(client)) return false;
  const { config, pool } = client as { config?: PoolConfig; pool?: { config?: PoolConfig } };
  return (config ?? pool?.config)?.waitForConnections === false;
}

interface PoolConfig {
  readonly waitForConnections?: boolean;
}
