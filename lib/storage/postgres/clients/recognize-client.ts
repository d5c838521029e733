import { recognizeClient } from '../../sql/clients/client-library.js';
import { statementClient, type StatementClient } from '../pool-client.js';
import type { PostgresClient, PostgresPool } from '../postgres-client.js';
import type { ClientLibrary } from './client-library.js';
import { drizzle } from './drizzle.js';
import { foreignClient } from './foreign-client.js';
import { knex } from './knex.js';
import { kysely } from './kysely.js';
import type { PostgresStorageClient } from './postgres-storage-client.js';
import { typeOrm } from './typeorm.js';

const poolOrFunctions: ClientLibrary = (client) =>
  hasFunctions(client) ? { use: () => statementClient(client) } : undefined;

/** Other libraries' handles have a `query` and a `transaction` too, and mean something else by them: two functions come last. */
const ACCEPTED = {
  libraries: [typeOrm, kysely, knex, drizzle, foreignClient, poolOrFunctions],
  none:
    'must be a Pool of pg, a DataSource of TypeORM, an instance of Kysely or Knex, a database of Drizzle, ' +
    'or have `query` and `transaction` as a PostgresClient has',
};

/** What is wrong with the option `client`, if anything is. */
export function clientMistake(client: unknown): readonly string[] {
  const recognized = recognizeClient(client, ACCEPTED);
  return 'mistake' in recognized ? [`\`client\` ${recognized.mistake}.`] : [];
}

/** A client as the storage uses it. {@link clientMistake} has nothing against it. */
export function statementClientOf(client: PostgresStorageClient): StatementClient {
  const recognized = recognizeClient(client, ACCEPTED);
  if ('mistake' in recognized) throw new TypeError(`The client ${recognized.mistake}.`);
  return recognized.use();
}

function hasFunctions(client: object): client is PostgresPool | PostgresClient {
  const { query, transaction, connect } = client as Partial<PostgresPool & PostgresClient>;
  return typeof query === 'function' && (typeof transaction === 'function' || typeof connect === 'function');
}
