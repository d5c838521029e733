import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { isTimeLimit } from '../answer-within.js';
import { ANSWER_TIMEOUT } from '../sql/answer-timeout.js';
import { isTablePrefix } from '../sql/saga-tables.js';
import { isStorable } from '../rows/storable.js';
import { CLIENTS } from './clients/accepted-clients.js';
import type { PostgresStorageClient } from './clients/postgres-storage-client.js';
import type { PostgresOwnListener } from './postgres-client.js';

/** How a {@link PostgresSagaStorage} works. */
export interface PostgresStorageOptions<Client extends PostgresStorageClient = PostgresStorageClient> {
  /**
   * What the application has, as it is: a `new Pool()` of `pg`, a handle of TypeORM, Kysely, Knex, Drizzle, Prisma or MikroORM; else a
   * {@link PostgresClient}.
   */
  readonly client: Client;
  /** Whether `open()` runs missing migrations, or refuses to work without them; default `true`. */
  readonly migrate?: boolean;
  /** The schema of the tables, made if it is missing; default: the first of the search path that the client's user has. */
  readonly schema?: string;
  /** What the tables' names begin with; default `saga_`. */
  readonly tablePrefix?: string;
  /**
   * Where the connection comes from that hears (by LISTEN) what other replicas do; it is kept for as long as the application runs.
   * Default `true`: the Pool lends it; where `client` is none, there is none, and this replica looks every now and then. A function makes
   * one: `async () => { const client = new Client(); await client.connect(); return client; }`. With `false` this replica
   * neither listens nor notifies.
   */
  readonly listener?: boolean | (() => Promise<PostgresOwnListener>);
  /**
   * How many connections the client has at most; default: what it tells, else 5. Three of them are for the storage
   * itself, four if it listens; so many transactional steps as there are others run at once.
   */
  readonly poolSize?: number;
  /**
   * Milliseconds that a statement of the storage, or the pool with a connection for it, may take. Then the connection is thrown away, and the next
   * try gets another one. Default 60,000. For a Pool of `pg`, under TypeORM and Drizzle for single statements; what other libraries lend is for their drivers' own
   * settings. Migrations take as long as they take.
   */
  readonly answerTimeout?: number;
}

/** {@link PostgresStorageOptions} with their defaults. */
export interface CheckedOptions extends PostgresStorageOptions {
  readonly migrate: boolean;
  readonly tablePrefix: string;
  readonly answerTimeout: number;
  readonly listener: boolean | (() => Promise<PostgresOwnListener>);
}

/** PostgreSQL cuts longer names off. */
const LONGEST_NAME = 63;

/**
 * The options with their defaults.
 *
 * @throws SagaConfigurationError with all that is wrong with them.
 */
export function checkOptions(options: PostgresStorageOptions): CheckedOptions {
  const { client, migrate = true, schema, tablePrefix = 'saga_', listener = true, poolSize } = options;
  const { answerTimeout = ANSWER_TIMEOUT } = options;
  const mistakes = [
    ...CLIENTS.mistakesOf(client),
    ...mistakeIf(typeof migrate !== 'boolean', '`migrate` must be true or false.'),
    ...mistakeIf(
      schema !== undefined && !isSchemaName(schema),
      '`schema` must be the name of a schema, without quotes.',
    ),
    ...mistakeIf(
      !isTablePrefix(tablePrefix) || tablePrefix !== tablePrefix.toLowerCase() || tablePrefix.startsWith('pg_'),
      '`tablePrefix` must be up to 32 lower-case letters, digits and underscores, begin with no digit and not with `pg_`.',
    ),
    ...mistakeIf(
      typeof listener !== 'boolean' && typeof listener !== 'function',
      '`listener` must be true, false, or a function that gives a connected Client of pg.',
    ),
    ...mistakeIf(
      poolSize !== undefined && !(Number.isInteger(poolSize) && poolSize > 0),
      '`poolSize` must be a whole number above 0.',
    ),
    ...mistakeIf(!isTimeLimit(answerTimeout), '`answerTimeout` must be a number of milliseconds above 0.'),
  ];
  if (mistakes.length > 0) throw new SagaConfigurationError(mistakes.map((text) => `PostgresSagaStorage: ${text}`));
  return {
    client,
    migrate,
    tablePrefix,
    answerTimeout,
    listener,
    ...(schema !== undefined && { schema }),
    ...(poolSize !== undefined && { poolSize }),
  };
}

function mistakeIf(wrong: boolean, text: string): readonly string[] {
  return wrong ? [text] : [];
}

function isSchemaName(schema: unknown): boolean {
  return isStorable(schema) && schema !== '' && Buffer.byteLength(schema) <= LONGEST_NAME && !schema.startsWith('pg_');
}
