import type { DrizzleDatabase } from '../../sql/clients/drizzle.js';
import type { KnexInstance } from '../../sql/clients/knex.js';
import type { KyselyDatabase } from '../../sql/clients/kysely.js';
import type { TypeOrmDataSource } from '../../sql/clients/typeorm.js';
import type { MysqlCallbackPool, MysqlClient, MysqlPool } from '../mysql-client.js';

/** What the storage takes as its client: a pool of `mysql2`, the handle of a library that it knows, or two functions. */
export type MysqlStorageClient =
  MysqlPool | MysqlCallbackPool | TypeOrmDataSource | KyselyDatabase | KnexInstance | DrizzleDatabase | MysqlClient;
