import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { SqliteSagaStorage, type SqliteStorageOptions } from 'nest-saga/sqlite';
import { StorageUnderTest } from '../contract/storage-under-test.js';
import { freshFile, type OpenedClient, type SqliteDriver } from './sqlite-drivers.js';

/** A database file of a test, with all its connections. */
export class SqliteFile {
  readonly path = freshFile();
  private readonly clients: OpenedClient[] = [];
  private readonly storages: SqliteSagaStorage[] = [];

  constructor(private readonly driver: SqliteDriver) {}

  /** Another connection, as another process would have it. */
  connect(): OpenedClient {
    const client = this.driver.open(this.path);
    this.clients.push(client);
    return client;
  }

  /** A storage with a connection of its own, not opened yet. */
  storage(options: Partial<SqliteStorageOptions> = {}): SqliteSagaStorage {
    const storage = new SqliteSagaStorage({ client: this.connect(), ...options });
    this.storages.push(storage);
    return storage;
  }

  /** An opened storage with the short writes of the contract. */
  async subject(options: Partial<SqliteStorageOptions> = {}): Promise<StorageUnderTest> {
    const storage = this.storage(options);
    await storage.open();
    const unused = async (): Promise<never> => Promise.reject(new Error('Only storage is used here.'));
    return new StorageUnderTest(() => ({ storage, peer: unused, advance: unused, corrupt: unused, dispose: unused }));
  }

  async dispose(): Promise<void> {
    for (const storage of this.storages) await storage.close();
    for (const client of this.clients) client.close();
    if (existsSync(this.path)) rmSync(dirname(this.path), { recursive: true });
  }
}
