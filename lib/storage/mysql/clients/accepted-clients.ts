import { acceptedClients, type ClientLibrary } from '../../sql/clients/client-library.js';
import type { MysqlCallbackPool, MysqlClient, MysqlPool } from '../mysql-client.js';
import { statementClient, type StatementClient } from '../pool-client.js';
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
  'must be a pool of mysql2, a DataSource of TypeORM, an instance of Kysely, Knex or MikroORM, a database of Drizzle, ' +
    'a client of Prisma, or have `query` and `transaction` as a MysqlClient has',
);

function hasFunctions(client: object): client is MysqlPool | MysqlCallbackPool | MysqlClient {
  const { query, transaction, getConnection } = client as Partial<MysqlPool & MysqlClient>;
  return typeof query === 'function' && (typeof transaction === 'function' || typeof getConnection === 'function');
}
