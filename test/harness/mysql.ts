import { afterAll, beforeAll } from '@jest/globals';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { MysqlSagaStorage, type MysqlPool, type MysqlPoolConnection, type MysqlStatement } from 'nest-saga/mysql';
import { NOW } from '../../lib/storage/mysql/database-clock.js';
import type { HarnessedStorage, StorageHarness, TransactionHarness } from '../contract/storage-harness.js';
import { MysqlDatabase } from './mysql-database.js';

/** Connections of the storages' pool. */
const POOL_SIZE = 5;

const TABLES = ['heads', 'log', 'requests', 'workers'] as const;

/** What the tests of a file share. */
interface File {
  readonly database: MysqlDatabase;
  readonly control: Pool;
  /** Where the application's own transactions run. */
  readonly application: Pool;
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
  await control.query(`CREATE TABLE test_notes (text VARCHAR(100) NOT NULL) ENGINE = InnoDB`);
  await control.query(`INSERT INTO test_clock VALUES (0)`);
  const application = database.pool();
  return {
    database,
    control,
    application,
    storages: onMovedClock(database.pool({ connectionLimit: POOL_SIZE })),
    peers: onMovedClock(database.pool()),
  };
}

async function openHarnessed({ control, application, storages, peers }: File): Promise<HarnessedStorage> {
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
    transactions: transactionsOf(storages, application, control),
    async dispose() {
      for (const storage of opened) await storage.close();
      for (const table of TABLES) await control.query(`DELETE FROM saga_${table}`);
      await control.query(`DELETE FROM test_notes`);
      await control.query(`UPDATE test_clock SET ahead = 0`);
    },
  };
}

function transactionsOf(client: MysqlPool, application: Pool, control: Pool): TransactionHarness {
  const run = (handle: unknown, sql: string, values: string[] = []) =>
    (handle as MysqlPoolConnection).query({ sql, values } as unknown as MysqlStatement);
  return {
    async begin() {
      const handle = await application.getConnection();
      await handle.query('START TRANSACTION');
      const end = async (verb: string) => {
        await handle.query(verb);
        handle.release();
      };
      return { handle, commit: () => end('COMMIT'), rollback: () => end('ROLLBACK') };
    },
    async note(handle, text) {
      await run(handle, 'INSERT INTO test_notes (text) VALUES (?)', [text]);
    },
    async notes() {
      const [rows] = await control.query<(RowDataPacket & { text: string })[]>('SELECT text FROM test_notes');
      return rows.map(({ text }) => text);
    },
    async collide(handle) {
      await run(handle, `SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213`);
    },
    async failUnseen(handle) {
      await run(handle, 'SELECT * FROM no_such_table').catch(() => undefined);
    },
    async commitItself(handle) {
      await run(handle, 'COMMIT');
    },
    strangers: [undefined, null, 1, 'BEGIN', {}, client, application, withoutTransaction(application)],
    atOnce: POOL_SIZE - 3,
  };
}

/** A connection on which nobody has begun; each statement takes one of the pool's. */
function withoutTransaction(pool: Pool): Pick<MysqlPoolConnection, 'query'> {
  return { query: (statement) => pool.query(statement) };
}

/** The clock is an expression in SQL; here one that is ahead of it by what the tests say, for every connection to the database. */
function onMovedClock(pool: Pool): MysqlPool & Pick<Pool, 'pool'> {
  const moved = (statement: MysqlStatement): MysqlStatement => ({
    ...statement,
    sql: statement.sql.replaceAll(NOW, `(${NOW} + (SELECT ahead FROM test_clock))`),
  });
  return {
    pool: pool.pool,
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
