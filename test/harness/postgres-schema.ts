import { PostgresSagaStorage, type PostgresStorageOptions } from 'nest-saga/postgres';
import { Client, Pool, type PoolConfig } from 'pg';
import { StorageUnderTest } from '../contract/storage-under-test.js';
import { serverConfig } from './postgres-server.js';

/** A schema that nobody else uses, with its connections and storages: what a test has of the server. */
export class PostgresSchema {
  readonly name = `nest_saga_test_${crypto.randomUUID().replaceAll('-', '')}`;
  private readonly pools: Pool[] = [];
  private readonly storages: PostgresSagaStorage[] = [];
  private readonly admin = new Client(serverConfig);

  private constructor(private readonly settings: string) {}

  /** @param settings more options of the connections, as `-c name=value`. */
  static async create(settings = ''): Promise<PostgresSchema> {
    const schema = new PostgresSchema(settings);
    await schema.admin.connect();
    await schema.admin.query(`CREATE SCHEMA ${schema.name}`);
    return schema;
  }

  /** What makes the schema a connection's search path. */
  get connectionOptions(): string {
    return `-c search_path=${this.name} ${this.settings}`;
  }

  /** Connections whose search path is the schema. */
  pool(config: PoolConfig = {}): Pool {
    const pool = new Pool({ ...serverConfig, max: 5, options: this.connectionOptions, ...config });
    this.pools.push(pool);
    return pool;
  }

  /** A storage with connections of its own, not opened yet. */
  storage(options: Partial<PostgresStorageOptions> = {}): PostgresSagaStorage {
    const storage = new PostgresSagaStorage({ client: options.client ?? this.pool(), ...options });
    this.storages.push(storage);
    return storage;
  }

  /** An opened storage with the short writes of the contract. */
  async subject(options: Partial<PostgresStorageOptions> = {}): Promise<StorageUnderTest> {
    const storage = this.storage(options);
    await storage.open();
    const unused = async (): Promise<never> => Promise.reject(new Error('Only storage is used here.'));
    return new StorageUnderTest(() => ({ storage, peer: unused, advance: unused, corrupt: unused, dispose: unused }));
  }

  /** Runs a statement as the schema's owner, and gives its rows. */
  async query<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
    await this.admin.query(`SET search_path TO ${this.name}`);
    return (await this.admin.query(sql, values)).rows as Row[];
  }

  /** Ends the connections, and leaves nothing of the schema. */
  async drop(): Promise<void> {
    for (const storage of this.storages) await storage.close();
    for (const pool of this.pools) await pool.end();
    await this.admin.query(`DROP SCHEMA IF EXISTS ${this.name} CASCADE`);
    await this.admin.end();
  }
}
