import { randomUUID } from 'node:crypto';
import type { SagaStorage } from 'nest-saga';
import { PostgresSagaStorage } from 'nest-saga/postgres';
import { Client, Pool } from 'pg';
import { serverConfig } from '../../test/harness/postgres-config.js';
import type { AppendRow } from '../floors/order-log.js';
import { createFloorTables, inPostgresGroups } from '../floors/postgres-log.js';
import type { OrderStep } from '../order-saga.js';
import type { BenchDatabase, BenchServer } from './bench-server.js';

/** The server at `DATABASE_URL`, or the one of this machine. */
export const postgres = {
  name: 'postgres',
  async create(): Promise<PostgresDatabase> {
    const name = `nest_saga_bench_${randomUUID().replaceAll('-', '')}`;
    await asAdmin(`CREATE DATABASE ${name}`);
    return new PostgresDatabase(name, { isOurs: true });
  },
  open: (address: string) => new PostgresDatabase(address, { isOurs: false }),
} satisfies BenchServer;

/** A database of the benchmark's own, so that the server's counters of it count nobody else's work. */
export class PostgresDatabase implements BenchDatabase {
  private readonly pools: Pool[] = [];
  /** Asks from outside, so that asking is not counted. */
  private readonly counting = this.pool(serverConfig.database);

  constructor(
    readonly address: string,
    private readonly options: { readonly isOurs: boolean },
  ) {}

  /** For programs that take nothing else. */
  get url(): string {
    const { host = '', port = 5432, user = '', password } = serverConfig;
    const secret = typeof password === 'string' ? `:${encodeURIComponent(password)}` : '';
    return `postgres://${encodeURIComponent(user)}${secret}@${host}:${port}/${this.address}`;
  }

  storage(): SagaStorage {
    return new PostgresSagaStorage({ client: this.pool() });
  }

  /** Leaves so many finished sagas in the tables of the library, each with one row of a log; by SQL, because there may be a million of them. */
  async finish(count: number): Promise<void> {
    await this.pool().query(`
      INSERT INTO saga_heads (id, name, definition_version, status, plan_hash, plan, created_at, updated_at)
      SELECT 'finished-' || lpad(n::text, 12, '0'), 'order', 1, 'COMPLETED', '0123456789abcdef', '[]', now(), now()
      FROM generate_series(1, ${count}) n;
      INSERT INTO saga_log (saga_id, version, format, write_id, at, first_seq, last_seq, entries, context)
      SELECT 'finished-' || lpad(n::text, 12, '0'), 1, 1, n::text, now(), 1, 1, '[{"event":"created"}]', '{}'
      FROM generate_series(1, ${count}) n;
    `);
    await this.pool().query('VACUUM ANALYZE');
  }

  async floor(steps: readonly OrderStep[]): Promise<AppendRow> {
    const pool = this.pool();
    await createFloorTables(pool);
    return inPostgresGroups(pool, steps);
  }

  /** Connections as an application would have them. */
  pool(database: string | undefined = this.address): Pool {
    const pool = new Pool({ ...serverConfig, database });
    // The database is dropped while the pool's connections are still on their way out.
    pool.on('error', () => undefined);
    this.pools.push(pool);
    return pool;
  }

  /** Connections tell of what they did within a second, or when they end. */
  async counters(): Promise<Readonly<Record<string, number>>> {
    const { rows } = await this.counting.query<Record<string, string>>(
      `SELECT xact_commit AS commits, tup_inserted AS inserted, tup_updated AS updated, tup_deleted AS deleted
       FROM pg_stat_database WHERE datname = $1`,
      [this.address],
    );
    return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, count]) => [name, Number(count)]));
  }

  async close(): Promise<void> {
    for (const pool of this.pools) await pool.end();
    if (this.options.isOurs) await asAdmin(`DROP DATABASE ${this.address} WITH (FORCE)`);
  }
}

async function asAdmin(statement: string): Promise<void> {
  const admin = new Client(serverConfig);
  await admin.connect();
  await admin.query(statement);
  await admin.end();
}
