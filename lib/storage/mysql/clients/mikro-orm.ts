import { mikroOrmLibrary } from '../../sql/clients/mikro-orm.js';
import type { MysqlQuery } from '../mysql-client.js';
import type { StatementClient } from '../pool-client.js';
import { knex } from './knex.js';
import { kysely } from './kysely.js';

/** A MikroORM instance over `mysql2`. */
export const mikroOrm = mikroOrmLibrary<MysqlQuery, StatementClient, StatementClient>({
  inside: [knex, kysely],
  runFirst: (first, run) => async (sql, values) => {
    await first();
    return run(sql, values);
  },
  use: (client) => client,
});
