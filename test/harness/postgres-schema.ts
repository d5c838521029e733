import { Client, Pool } from 'pg';
import { serverConfig } from './postgres-server.js';

/** A schema that nobody else uses, with its connections: what a test file has of the server. */
export class PostgresSchema {
  readonly name = `nest_saga_test_${crypto.randomUUID().replaceAll('-', '')}`;
  private readonly pools: Pool[] = [];
  private readonly admin = new Client(serverConfig);

  private constructor(private readonly settings: string) {}

  /** @param settings more options of the connections, as `-c name=value`. */
  static async create(settings = ''): Promise<PostgresSchema> {
    const schema = new PostgresSchema(settings);
    await schema.admin.connect();
    await schema.admin.query(`CREATE SCHEMA ${schema.name}`);
    return schema;
  }

  /** Connections whose search path begins, and ends, with the schema. */
  pool(max = 5): Pool {
    const options = `-c search_path=${this.name} ${this.settings}`;
    const pool = new Pool({ ...serverConfig, max, options });
    this.pools.push(pool);
    return pool;
  }

  /** Ends the connections, and leaves nothing of the schema. */
  async drop(): Promise<void> {
    for (const pool of this.pools) await pool.end();
    await this.admin.query(`DROP SCHEMA ${this.name} CASCADE`);
    await this.admin.end();
  }
}
