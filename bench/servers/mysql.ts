import { randomUUID } from 'node:crypto';
import { createConnection, createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import type { SagaStorage } from 'nest-saga';
import { MysqlSagaStorage } from 'nest-saga/mysql';
import { serverConfig } from '../../test/harness/mysql-config.js';
import { createFloorTables, inMysqlGroups } from '../floors/mysql-log.js';
import type { AppendRow } from '../floors/order-log.js';
import type { OrderStep } from '../order-saga.js';
import type { BenchDatabase, BenchServer } from './bench-server.js';

/** The server at `MYSQL_URL`, or the one of this machine. */
export const mysql = {
  name: 'mysql',
  async create(): Promise<MysqlDatabase> {
    const name = `nest_saga_bench_${randomUUID().replaceAll('-', '')}`;
    await asAdmin(`CREATE DATABASE ${name}`);
    return new MysqlDatabase(name, { isOurs: true });
  },
  open: (address: string) => new MysqlDatabase(address, { isOurs: false }),
} satisfies BenchServer;

/** A database of the benchmark's own. Its counters are the whole server's, which has none for each database. */
export class MysqlDatabase implements BenchDatabase {
  private readonly pools: Pool[] = [];

  constructor(
    readonly address: string,
    private readonly options: { readonly isOurs: boolean },
  ) {}

  storage(): SagaStorage {
    return new MysqlSagaStorage({ client: this.pool() });
  }

  async floor(steps: readonly OrderStep[]): Promise<AppendRow> {
    const pool = this.pool();
    await createFloorTables(pool);
    return inMysqlGroups(pool, steps);
  }

  async counters(): Promise<Readonly<Record<string, number>>> {
    const [rows] = await this.pool().query<RowDataPacket[]>(
      `SHOW GLOBAL STATUS WHERE variable_name IN
       ('Questions', 'Innodb_rows_inserted', 'Innodb_rows_updated', 'Innodb_rows_deleted', 'Innodb_os_log_fsyncs')`,
    );
    return Object.fromEntries(rows.map(({ Variable_name: name, Value: value }) => [String(name), Number(value)]));
  }

  async close(): Promise<void> {
    for (const pool of this.pools) await pool.end();
    if (this.options.isOurs) await asAdmin(`DROP DATABASE ${this.address}`);
  }

  /** Connections as an application would have them. */
  private pool(): Pool {
    const pool = createPool({ ...serverConfig, database: this.address });
    this.pools.push(pool);
    return pool;
  }
}

async function asAdmin(statement: string): Promise<void> {
  const admin = await createConnection(serverConfig);
  await admin.query(statement);
  await admin.end();
}
