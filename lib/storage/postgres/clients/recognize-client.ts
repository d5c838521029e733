import { statementClient, type StatementClient } from '../pool-client.js';
import type { PostgresClient, PostgresPool } from '../postgres-client.js';
import type { ClientLibrary, RecognizedClient } from './client-library.js';
import type { PostgresStorageClient } from './postgres-storage-client.js';
import { drizzle } from './drizzle.js';
import { foreignClient } from './foreign-client.js';
import { knex } from './knex.js';
import { kysely } from './kysely.js';
import { typeOrm } from './typeorm.js';

const poolOrFunctions: ClientLibrary = (client) =>
  hasFunctions(client) ? { use: () => statementClient(client) } : undefined;

/** The most telling shapes first: other libraries' handles have a `query` and a `transaction` too, and mean something else by them. */
const LIBRARIES: readonly ClientLibrary[] = [typeOrm, kysely, knex, drizzle, foreignClient, poolOrFunctions];

const NONE: RecognizedClient = {
  mistake:
    'must be a Pool of pg, a DataSource of TypeORM, an instance of Kysely or Knex, a database of Drizzle, or have `query` and `transaction` as a PostgresClient has',
};

/** What is wrong with the option `client`, if anything is. */
export function clientMistake(client: unknown): readonly string[] {
  const recognized = recognize(client);
  return 'mistake' in recognized ? [`\`client\` ${recognized.mistake}.`] : [];
}

/** A client as the storage uses it. {@link clientMistake} has nothing against it. */
export function statementClientOf(client: PostgresStorageClient): StatementClient {
  const recognized = recognize(client);
  if ('mistake' in recognized) throw new TypeError(`The client ${recognized.mistake}.`);
  return recognized.use();
}

function recognize(client: unknown): RecognizedClient {
  if ((typeof client !== 'object' && typeof client !== 'function') || client === null) return NONE;
  for (const library of LIBRARIES) {
    const recognized = library(client);
    if (recognized !== undefined) return recognized;
  }
  return NONE;
}

function hasFunctions(client: object): client is PostgresPool | PostgresClient {
  const { query, transaction, connect } = client as Partial<PostgresPool & PostgresClient>;
  return typeof query === 'function' && (typeof transaction === 'function' || typeof connect === 'function');
}
