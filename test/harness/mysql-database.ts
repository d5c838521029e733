import { createPool, type Pool, type PoolOptions, type RowDataPacket } from 'mysql2/promise';
import { MysqlSagaStorage, type MysqlStorageOptions } from 'nest-saga/mysql';
import { StorageUnderTest } from '../contract/storage-under-test.js';
import { serverConfig } from './mysql-config.js';

/** A database that nobody else uses, with its connections and storages: what a test has of the server. */
export class MysqlDatabase {
  readonly name = `nest_saga_test_${crypto.randomUUID().replaceAll('-', '')}`;
  private readonly pools: Pool[] = [];
  private readonly storages: MysqlSagaStorage[] = [];
  private readonly admin = createPool({ ...serverConfig, connectionLimit: 1 });

  static async create(): Promise<MysqlDatabase> {
    const database = new MysqlDatabase();
    // Its defaults are those that fit the storage least: what its tables need, it has to say itself.
    await database.admin.query(`CREATE DATABASE ${database.name} CHARACTER SET latin1 COLLATE latin1_swedish_ci`);
    return database;
  }

  /** Connections to the database. */
  pool(options: PoolOptions = {}): Pool {
    const pool = createPool({ ...serverConfig, database: this.name, connectionLimit: 5, ...options });
    this.pools.push(pool);
    return pool;
  }

  /** A storage with connections of its own, not opened yet. */
  storage(options: Partial<MysqlStorageOptions> = {}): MysqlSagaStorage {
    const storage = new MysqlSagaStorage({ client: options.client ?? this.pool(), ...options });
    this.storages.push(storage);
    return storage;
  }

  /** An opened storage with the short writes of the contract. */
  async subject(options: Partial<MysqlStorageOptions> = {}): Promise<StorageUnderTest> {
    const storage = this.storage(options);
    await storage.open();
    const unused = async (): Promise<never> => Promise.reject(new Error('Only storage is used here.'));
    return new StorageUnderTest(() => ({ storage, peer: unused, advance: unused, corrupt: unused, dispose: unused }));
  }

  /** Runs a statement as the database's owner, and gives its rows. */
  async query<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
    await this.admin.query(`USE ${this.name}`);
    return (await this.admin.query<RowDataPacket[]>(sql, values))[0] as Row[];
  }

  /** Ends the connections, and leaves nothing of the database. */
  async drop(): Promise<void> {
    for (const storage of this.storages) await storage.close();
    for (const pool of this.pools) await pool.end();
    await this.admin.query(`DROP DATABASE IF EXISTS ${this.name}`);
    await this.admin.end();
  }
}
