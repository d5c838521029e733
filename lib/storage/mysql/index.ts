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
