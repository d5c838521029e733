/**
 * Sagas in PostgreSQL, by whatever client the application has.
 *
 * @module nest-saga/postgres
 */
export { PostgresSagaStorage } from './postgres-saga-storage.js';
export type { PostgresStorageOptions } from './postgres-storage-options.js';
export type {
  ConnectionLostListener,
  PostgresClient,
  PostgresClientEvents,
  PostgresListener,
  PostgresNotification,
  PostgresOwnListener,
  PostgresPool,
  PostgresPoolClient,
  PostgresPoolEvents,
  PostgresQuery,
  PostgresResult,
  PostgresStatement,
  PostgresValue,
} from './postgres-client.js';
export type { PostgresMigration } from './migrations.js';
export type { PostgresHandle, PostgresStorageClient } from './clients/postgres-storage-client.js';
export type { TypeOrmDataSource, TypeOrmManager } from '../sql/clients/typeorm.js';
export type { DrizzleDatabase } from '../sql/clients/drizzle.js';
export type { KnexInstance } from '../sql/clients/knex.js';
export type { KyselyAdapter, KyselyDatabase } from '../sql/clients/kysely.js';
export type { LibraryDatabase, LibraryHandle } from '../sql/clients/library-handle.js';
export type { MikroOrm, MikroOrmEntityManager } from '../sql/clients/mikro-orm.js';
export type { PrismaDatabase } from '../sql/clients/prisma.js';
