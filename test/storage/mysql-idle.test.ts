import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Pool, PoolConnection } from 'mysql2/promise';
import type { MysqlClient, MysqlPool, MysqlQuery, MysqlResult } from 'nest-saga/mysql';
import { Gate, eventually } from '../e2e/eventually.js';
import { MysqlDatabase } from '../harness/mysql-database.js';
import { whereThereIsMysql } from '../harness/mysql-server.js';

/** Stands still between the lock and what would come behind it, as a process does that is stopped. */
class Standstill {
  private readonly stood = new Gate();
  private readonly over = new Gate();

  /** Resolves when it stands. */
  get begun(): Promise<void> {
    return this.stood.passed;
  }

  async behind(sql: string): Promise<void> {
    if (!sql.includes('FOR UPDATE')) return;
    this.stood.open();
    await this.over.passed;
  }

  end(): void {
    this.over.open();
  }
}

/** The pool, with a standstill in it. */
function standingPool(pool: Pool, standstill: Standstill): MysqlPool {
  return {
    query: (statement) => pool.query(statement as never),
    async getConnection() {
      const connection = await pool.getConnection();
      return {
        async query(statement) {
          const answer = await connection.query(statement as never);
          await standstill.behind(statement.sql);
          return answer;
        },
        release: () => connection.release(),
        destroy: () => connection.destroy(),
      };
    },
  };
}

/** A client that lends no connections: it begins and ends its transactions itself. */
function functionsOn(pool: Pool, standstill?: Standstill): MysqlClient<PoolConnection> {
  const queryOf = (runner: Pool | PoolConnection): MysqlQuery => {
    return async (sql, values): Promise<MysqlResult> => {
      const [answer] = await runner.query(sql, values);
      await standstill?.behind(sql);
      if (Array.isArray(answer)) return { rows: answer, affectedRows: 0 };
      return { rows: [], affectedRows: answer.affectedRows };
    };
  };
  return {
    query: queryOf(pool),
    async transaction(work) {
      const connection = await pool.getConnection();
      try {
        await connection.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
        await connection.beginTransaction();
        const result = await work(queryOf(connection), connection);
        await connection.commit();
        return result;
      } catch (error) {
        await connection.rollback();
        throw error;
      } finally {
        connection.release();
      }
    },
  };
}

/** The client, with a server that says it were MySQL; where it is MariaDB, it has the settings of MySQL as well. */
function asMysql(client: MysqlClient<PoolConnection>): MysqlClient<PoolConnection> {
  return {
    ...client,
    async query(sql, values) {
      const { rows, affectedRows } = await client.query(sql, values);
      if (!sql.includes('VERSION()')) return { rows, affectedRows };
      return { rows: rows.map((row) => ({ ...(row as object), version: '8.0.44' })), affectedRows };
    },
  };
}

await whereThereIsMysql('Transactions of MysqlSagaStorage in which nothing happens', () => {
  let database: MysqlDatabase;
  beforeEach(async () => {
    database = await MysqlDatabase.create();
  });
  afterEach(() => database.drop());

  it.each([
    ['a pool', standingPool],
    ['a client that lends no connections', functionsOn],
    ['by the setting that MySQL has for it', (pool: Pool, stands: Standstill) => asMysql(functionsOn(pool, stands))],
  ])(
    'are ended by the server, so that others claim the sagas of a process that stands still: %s',
    async (_, clientOn) => {
      const standstill = new Standstill();
      const stopped = await database.subject({ client: clientOn(database.pool(), standstill) });
      const subject = await database.subject();
      await subject.create({ worker: undefined, status: 'PENDING' });
      const claim = stopped.claimedIds({ worker: 'w2' });
      const refused = expect(claim).rejects.toMatchObject({ code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'failed' });
      await standstill.begun;
      expect(await subject.claimedIds({ worker: 'w3' })).toEqual([]);
      await eventually(async () => expect(await subject.claimedIds({ worker: 'w3' })).toEqual(['saga-1']), 20_000);
      standstill.end();
      await refused;
    },
    40_000,
  );

  const SELECT_LIMIT = 'SELECT @@SESSION.idle_transaction_timeout AS seconds';
  const SELECT_LIMITS =
    'SELECT @@SESSION.idle_transaction_timeout AS idle, @@SESSION.innodb_lock_wait_timeout AS locks';

  it.each([
    ['a pool', (pool: Pool) => pool],
    ['a client that lends no connections', (pool: Pool) => functionsOn(pool)],
  ])('leave the session the limits that it had: %s', async (_, clientOn) => {
    const pool = database.pool({ connectionLimit: 1 });
    await pool.query('SET SESSION idle_transaction_timeout = 77, SESSION innodb_lock_wait_timeout = 33');
    const subject = await database.subject({ client: clientOn(pool) });
    const limits = async () => (await pool.query(SELECT_LIMITS))[0];
    await subject.create({ worker: undefined, status: 'PENDING' });
    expect(await subject.claimedIds()).toEqual(['saga-1']);
    expect(await limits()).toEqual([{ idle: 77, locks: 33 }]);
    await subject.request();
    expect(await limits()).toEqual([{ idle: 77, locks: 33 }]);
    const failing = subject.storage.transaction(() => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await limits()).toEqual([{ idle: 77, locks: 33 }]);
  });

  it.each([
    ['ten seconds more than the timeout of its step', { timeout: 5_001 }, 16],
    ['five minutes without one', {}, 300],
  ])('may idle while a handler thinks: %s', async (_, options, seconds) => {
    const pool = database.pool();
    for (const client of [pool, functionsOn(pool)]) {
      const { storage } = await database.subject({ client });
      const seen = storage.transaction(
        async ({ handle }) => (await (handle as PoolConnection).query(SELECT_LIMIT))[0],
        options,
      );
      expect(await seen).toEqual([{ seconds }]);
    }
  });
});
