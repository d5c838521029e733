import { acceptedClients, type ClientLibrary } from '../../sql/clients/client-library.js';
import { statementClient, type StatementClient } from '../pool-client.js';
import type { PostgresClient, PostgresPool } from '../postgres-client.js';
import { drizzle } from './drizzle.js';
import { foreignClient } from './foreign-client.js';
import { knex } from './knex.js';
import { kysely } from './kysely.js';
import { mikroOrm } from './mikro-orm.js';
import { prisma } from './prisma.js';
import { typeOrm } from './typeorm.js';

const poolOrFunctions: ClientLibrary<StatementClient> = (client) =>
  hasFunctions(client) ? { use: () => statementClient(client) } : undefined;

/** Other libraries' handles have a `query` and a `transaction` too, and mean something else by them: two functions come last. */
export const CLIENTS = acceptedClients<StatementClient>(
  [typeOrm, mikroOrm, prisma, kysely, knex, drizzle, foreignClient, poolOrFunctions],
  'must be a Pool of pg, a DataSource of TypeORM, an instance of Kysely, Knex or MikroORM, a database of Drizzle, ' +
    'a client of Prisma, or have `query` and `transaction` as a PostgresClient has',
);

function hasFunctions(client: object): client is PostgresPool | PostgresClient {
  const { query, transaction, connect } = client as Partial<PostgresPool & PostgresClient>;
  return typeof query === 'function' && (typeof transaction === 'function' || typeof connect === 'function');
}
