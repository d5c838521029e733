/**
 * Sagas in MySQL or MariaDB, by whatever client the application has.
 *
 * @module nest-saga/mysql
 */
export { MysqlSagaStorage } from './mysql-saga-storage.js';
export type { MysqlStorageOptions } from './mysql-storage-options.js';
export type {
  MysqlCallbackPool,
  MysqlClient,
  MysqlPool,
  MysqlPoolConnection,
  MysqlQuery,
  MysqlResult,
  MysqlStatement,
  MysqlValue,
} from './mysql-client.js';
export type { MysqlMigration } from './migrations.js';
export type { MysqlHandle, MysqlStorageClient } from './clients/mysql-storage-client.js';
export type { DrizzleDatabase } from '../sql/clients/drizzle.js';
export type { KnexInstance } from '../sql/clients/knex.js';
export type { KyselyAdapter, KyselyDatabase } from '../sql/clients/kysely.js';
export type { TypeOrmDataSource, TypeOrmManager } from '../sql/clients/typeorm.js';
export type { LibraryDatabase, LibraryHandle } from '../sql/clients/library-handle.js';
export type { MikroOrm, MikroOrmEntityManager } from '../sql/clients/mikro-orm.js';
export type { PrismaDatabase } from '../sql/clients/prisma.js';
