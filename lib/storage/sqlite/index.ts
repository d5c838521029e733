/**
 * Sagas in a SQLite file.
 *
 * @module nest-saga/sqlite
 */
export { SqliteSagaStorage } from './sqlite-saga-storage.js';
export type { SqliteStorageOptions } from './sqlite-storage-options.js';
export type { SqliteClient, SqliteStatement, SqliteValue } from './sqlite-client.js';
export type { SqliteMigration } from './migrations.js';
