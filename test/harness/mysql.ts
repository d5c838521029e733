import { afterAll, beforeAll } from '@jest/globals';
import type { Pool } from 'mysql2/promise';
import { MysqlSagaStorage, type MysqlPool, type MysqlStatement } from 'nest-saga/mysql';
import { NOW } from '../../lib/storage/mysql/database-clock.js';
import type { HarnessedStorage, StorageHarness } from '../contract/storage-harness.js';
import { MysqlDatabase } from './mysql-database.js';

const TABLES = ['heads', 'log', 'requests', 'workers'] as const;

/** What the tests of a file share. */
interface File {
  readonly database: MysqlDatabase;
  readonly control: Pool;
  readonly storages: MysqlPool;
  readonly peers: MysqlPool;
}

/** Storages of the contract suite, one after the other in a database of this test file. */
export function mysqlHarness(): StorageHarness {
  let file: File | undefined;
  beforeAll(async () => {
    file = await openFile();
  });
  afterAll(async () => {
    await file?.database.drop();
  });
  return {
    create: () => {
      if (file === undefined) throw new Error('The database exists only while tests run.');
      return openHarnessed(file);
    },
  };
}

async function openFile(): Promise<File> {
  const database = await MysqlDatabase.create();
  const control = database.pool({ connectionLimit: 1 });
  await control.query(`CREATE TABLE test_clock (ahead BIGINT NOT NULL) ENGINE = InnoDB`);
  await control.query(`INSERT INTO test_clock VALUES (0)`);
  return { database, control, storages: onMovedClock(database.pool()), peers: onMovedClock(database.pool()) };
}

async function openHarnessed({ control, storages, peers }: File): Promise<HarnessedStorage> {
  const opened: MysqlSagaStorage[] = [];
  const open = async (client: MysqlPool) => {
    const storage = new MysqlSagaStorage({ client });
    await storage.open();
    opened.push(storage);
    return storage;
  };
  return {
    storage: await open(storages),
    peer: () => open(peers),
    async advance(ms) {
      await control.query(`UPDATE test_clock SET ahead = ahead + ?`, [ms]);
    },
    async corrupt(id, how) {
      const damage = how === 'damaged' ? `entries = '"damaged"'` : 'format = 1000';
      await control.query(`UPDATE saga_log SET ${damage} WHERE saga_id = ? ORDER BY version DESC LIMIT 1`, [id]);
    },
    async dispose() {
      for (const storage of opened) await storage.close();
      for (const table of TABLES) await control.query(`DELETE FROM saga_${table}`);
      await control.query(`UPDATE test_clock SET ahead = 0`);
    },
  };
}

/** The clock is an expression in SQL; here one that is ahead of it by what the tests say, for every connection to the database. */
function onMovedClock(pool: Pool): MysqlPool {
  const moved = (statement: MysqlStatement): MysqlStatement => ({
    ...statement,
    sql: statement.sql.replaceAll(NOW, `(${NOW} + (SELECT ahead FROM test_clock))`),
  });
  return {
    query: (statement) => pool.query(moved(statement)),
    async getConnection() {
      const connection = await pool.getConnection();
      return {
        query: (statement) => connection.query(moved(statement)),
        release: () => connection.release(),
        destroy: () => connection.destroy(),
      };
    },
  };
}
