import { mikroOrmLibrary } from '../../sql/clients/mikro-orm.js';
import { libraryClient, type RunStatement, type StatementClient } from '../pool-client.js';
import { knex } from './knex.js';
import { kysely } from './kysely.js';

/** A MikroORM instance over `pg`. Knex inside lends its connections, Kysely does not. */
export const mikroOrm = mikroOrmLibrary<RunStatement, StatementClient, StatementClient>({
  inside: [knex, kysely],
  runFirst: (first, run) => async (statement) => {
    await first();
    return run(statement);
  },
  use: (client, inside) => libraryClient(client, inside),
});
