import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { isTablePrefix } from '../sql/saga-tables.js';
import { isStorable } from '../sql/storable.js';
import { clientMistake } from './clients/recognize-client.js';
import type { PostgresStorageClient } from './clients/postgres-storage-client.js';

/** How a {@link PostgresSagaStorage} works. */
export interface PostgresStorageOptions {
  /** What the application has, as it is: a `new Pool()` of `pg`, a TypeORM `DataSource`; else a {@link PostgresClient}. */
  readonly client: PostgresStorageClient;
  /** Whether `open()` runs missing migrations, or refuses to work without them; default `true`. */
  readonly migrate?: boolean;
  /** The schema of the tables, made if it is missing; default: the first of the search path that the client's user has. */
  readonly schema?: string;
  /** What the tables' names begin with; default `saga_`. */
  readonly tablePrefix?: string;
}

/** {@link PostgresStorageOptions} with their defaults. */
export interface CheckedOptions extends PostgresStorageOptions {
  readonly migrate: boolean;
  readonly tablePrefix: string;
}

/** PostgreSQL cuts longer names off. */
const LONGEST_NAME = 63;

/**
 * The options with their defaults.
 *
 * @throws SagaConfigurationError with all that is wrong with them.
 */
export function checkOptions(options: PostgresStorageOptions): CheckedOptions {
  const { client, migrate = true, schema, tablePrefix = 'saga_' } = options;
  const mistakes = [
    ...clientMistake(client),
    ...mistakeIf(typeof migrate !== 'boolean', '`migrate` must be true or false.'),
    ...mistakeIf(
      schema !== undefined && !isSchemaName(schema),
      '`schema` must be the name of a schema, without quotes.',
    ),
    ...mistakeIf(
      !isTablePrefix(tablePrefix) || tablePrefix !== tablePrefix.toLowerCase() || tablePrefix.startsWith('pg_'),
      '`tablePrefix` must be up to 32 lower-case letters, digits and underscores, begin with no digit and not with `pg_`.',
    ),
  ];
  if (mistakes.length > 0) throw new SagaConfigurationError(mistakes.map((text) => `PostgresSagaStorage: ${text}`));
  return { client, migrate, tablePrefix, ...(schema !== undefined && { schema }) };
}

function mistakeIf(wrong: boolean, text: string): readonly string[] {
  return wrong ? [text] : [];
}

function isSchemaName(schema: unknown): boolean {
  return isStorable(schema) && schema !== '' && Buffer.byteLength(schema) <= LONGEST_NAME && !schema.startsWith('pg_');
}
