import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { isTimeLimit } from '../answer-within.js';
import { ANSWER_TIMEOUT } from '../sql/answer-timeout.js';
import { isTablePrefix } from '../sql/saga-tables.js';
import { isStorable } from '../rows/storable.js';
import type { MysqlStorageClient } from './clients/mysql-storage-client.js';
import { CLIENTS } from './clients/accepted-clients.js';
import { poolConfigOf } from './pool-size.js';

/** How a {@link MysqlSagaStorage} works. */
export interface MysqlStorageOptions<Client extends MysqlStorageClient = MysqlStorageClient> {
  /**
   * What the application has, as it is: what `createPool()` of `mysql2` or `mysql2/promise` gives, a handle of TypeORM, Kysely, Knex,
   * Drizzle, Prisma or MikroORM; else a {@link MysqlClient}.
   */
  readonly client: Client;
  /** Whether `open()` runs missing migrations, or refuses to work without them; default `true`. */
  readonly migrate?: boolean;
  /** The database of the tables, which has to exist; default: the one that the client has chosen. */
  readonly database?: string;
  /** What the tables' names begin with; default `saga_`. */
  readonly tablePrefix?: string;
  /**
   * How many connections the client has at most; default: what it tells, else 5. Three of them are for the storage itself; so many
   * transactional steps as there are others run at once.
   */
  readonly poolSize?: number;
  /**
   * Milliseconds that a statement of the storage, or the pool with a connection for it, may take. Then the connection is thrown away, and the next
   * try gets another one. Default 60,000. For a pool of `mysql2`; what other libraries lend is for their drivers' own
   * settings. Migrations take as long as they take.
   */
  readonly answerTimeout?: number;
}

/** {@link MysqlStorageOptions} with their defaults. */
export interface CheckedOptions extends MysqlStorageOptions {
  readonly migrate: boolean;
  readonly tablePrefix: string;
  readonly answerTimeout: number;
}

/** As many characters as the name of a database may have. */
const LONGEST_NAME = 64;

/**
 * The options with their defaults.
 *
 * @throws SagaConfigurationError with all that is wrong with them.
 */
export function checkOptions(options: MysqlStorageOptions): CheckedOptions {
  const { client, migrate = true, database, tablePrefix = 'saga_', poolSize } = options;
  const { answerTimeout = ANSWER_TIMEOUT } = options;
  const mistakes = [
    ...CLIENTS.mistakesOf(client),
    ...mistakeIf(
      poolConfigOf(client)?.waitForConnections === false,
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
    ...mistakeIf(
      poolSize !== undefined && !(Number.isInteger(poolSize) && poolSize > 0),
      '`poolSize` must be a whole number above 0.',
    ),
    ...mistakeIf(!isTimeLimit(answerTimeout), '`answerTimeout` must be a number of milliseconds above 0.'),
  ];
  if (mistakes.length > 0) throw new SagaConfigurationError(mistakes.map((text) => `MysqlSagaStorage: ${text}`));
  return {
    client,
    migrate,
    tablePrefix,
    answerTimeout,
    ...(database !== undefined && { database }),
    ...(poolSize !== undefined && { poolSize }),
  };
}

function mistakeIf(wrong: boolean, text: string): readonly string[] {
  return wrong ? [text] : [];
}

function isDatabaseName(database: unknown): boolean {
  return isStorable(database) && database !== '' && database.length <= LONGEST_NAME && !/[/\\.]|\s$/.test(database);
}
