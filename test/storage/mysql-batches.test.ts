import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import type { MysqlPool, MysqlStatement } from 'nest-saga/mysql';
import { times, type StorageUnderTest } from '../contract/storage-under-test.js';
import { Effects, saga, startApplication, step } from '../e2e/application.js';
import { eventually } from '../e2e/eventually.js';
import { MysqlDatabase } from '../harness/mysql-database.js';
import { whereThereIsMysql } from '../harness/mysql-server.js';

/** Longer than any test: nothing but sagas writes. */
const QUIET = { recovery: { interval: 3_600_000 }, lease: { duration: 3_600_000 } };

/** What a server that knows no blocks says of one. */
const SYNTAX_ERROR = { code: 'ER_PARSE_ERROR', errno: 1064, sqlState: '42000' };

/** A pool of a server that takes statements one by one only, as MySQL does. */
function oneByOne(pool: Pool): MysqlPool {
  const refuseBlocks = (statement: MysqlStatement): MysqlStatement => {
    if (statement.sql.startsWith('BEGIN NOT ATOMIC')) throw Object.assign(new Error('syntax error'), SYNTAX_ERROR);
    return statement;
  };
  return {
    query: (statement) => pool.query(statement),
    async getConnection() {
      const connection = await pool.getConnection();
      return {
        query: async (statement) => connection.query(refuseBlocks(statement)),
        release: () => connection.release(),
        destroy: () => connection.destroy(),
      };
    },
  };
}

/** How batches are written, and what a saga of three steps costs alone: its first and last write change its head as well. */
const WAYS = [
  { way: 'in blocks', clientOf: (pool: Pool): MysqlPool => pool, cost: { statements: 1 + 1 + 1 + 1, commits: 4 } },
  // What only adds to the log commits by itself. Behind a transaction the session gets its own idle limit back, for which nobody waits.
  { way: 'step by step', clientOf: oneByOne, cost: { statements: 6 + 1 + 2 + 2 + 7 + 1, commits: 2 } },
];

await whereThereIsMysql('Batches of MysqlSagaStorage', () => {
  /** Each batch has at most half of them. */
  const MANY = 64;
  const ids = times(MANY, (index) => `saga-${index}`);
  let database: MysqlDatabase;
  let pool: Pool;
  beforeEach(async () => {
    database = await MysqlDatabase.create();
    // One connection, so that its session's counters count everything.
    pool = database.pool({ connectionLimit: 1 });
  });
  afterEach(() => database.drop());

  interface Counted {
    /** As sent by the client, each a round trip. */
    readonly statements: number;
    /** Statements that said COMMIT, inside of blocks too. */
    readonly commits: number;
    readonly inserts: number;
    readonly updates: number;
  }

  /** What the server counts of `work`. */
  async function counting(work: () => Promise<unknown>): Promise<Counted> {
    const before = await counters();
    await work();
    const after = await counters();
    return {
      // The first look at the counters has counted itself afterwards.
      statements: after.statements - before.statements - 1,
      commits: after.commits - before.commits,
      inserts: after.inserts - before.inserts,
      updates: after.updates - before.updates,
    };
  }

  async function counters(): Promise<Counted> {
    const [rows] = await pool.query<(RowDataPacket & { Variable_name: string; Value: string })[]>(
      `SHOW SESSION STATUS WHERE variable_name IN ('Questions', 'Com_commit', 'Com_insert', 'Com_update')`,
    );
    const count = (wanted: string): number => Number(rows.find(({ Variable_name: name }) => name === wanted)?.Value);
    return {
      statements: count('Questions'),
      commits: count('Com_commit'),
      inserts: count('Com_insert'),
      updates: count('Com_update'),
    };
  }

  describe.each(WAYS)('$way', ({ clientOf, cost }) => {
    let subject: StorageUnderTest;
    beforeEach(async () => {
      subject = await database.subject({ client: clientOf(pool) });
    });

    it('cost a saga of three steps four writes: four rows, a head, and one change of it', async () => {
      const effects = new Effects();
      const S = saga('S', [step(effects, 'a'), step(effects, 'b'), step(effects, 'c')]);
      const storage = database.storage({ client: clientOf(pool) });
      const application = await startApplication([S], { storage, ...QUIET });
      await application.runner.run(S, {});
      const counted = await counting(() => application.runner.run(S, {}));
      expect(counted).toEqual({ ...cost, inserts: 4 + 1, updates: 1 });
      await application.close();
    });

    it('make writes that meet durable with few commits', async () => {
      // Half of these is the least that a batch takes, so there are two, whether or not the first is done before the second begins.
      const ids = times(32, (index) => `saga-${index}`);
      const created = await counting(() => Promise.all(ids.map((id) => subject.create({ id }))));
      expect(created.commits).toBeLessThanOrEqual(2);
      const reads = await Promise.all(ids.map((id) => subject.load(id)));
      const added = await counting(() =>
        Promise.all(reads.map((read) => subject.storage.transition(subject.next(read)))),
      );
      expect(added).toMatchObject({ updates: 0 });
      expect(added.inserts).toBeLessThanOrEqual(2);
      expect(added.statements).toBeLessThanOrEqual(4);
      const finished = await counting(() =>
        Promise.all(ids.map((id) => subject.write(id, { head: { status: 'COMPLETED', worker: null } }))),
      );
      expect(finished.commits).toBeLessThanOrEqual(ids.length / 8);
      for (const id of ids) expect((await subject.load(id)).record).toMatchObject({ version: 3, status: 'COMPLETED' });
    });

    it('tell each new saga whether its id was taken', async () => {
      await subject.create({ id: 'saga-3', name: 'Another' });
      await subject.create({ id: 'saga-38' });
      const results = await Promise.all(ids.map((id) => subject.create({ id, context: 'new' })));
      for (const [i, id] of ids.entries()) {
        const taken = { 'saga-3': 'Another', 'saga-38': 'OrderSaga' }[id];
        expect(results[i]).toMatchObject(taken ? { outcome: 'exists', name: taken } : { outcome: 'created' });
        expect((await subject.load(id)).record.context).toEqual(taken ? { orderId: 'o-1' } : 'new');
      }
    });

    it('tell each writer whether it was late or has something to read, and change nothing for those', async () => {
      await Promise.all(ids.map((id) => subject.create({ id })));
      const reads = await Promise.all(ids.map((id) => subject.load(id)));
      const late = ['saga-0', 'saga-17', 'saga-63'];
      for (const id of late) await subject.write(id, { context: 'theirs' });
      await subject.request({ sagaId: 'saga-7' });
      await database.query(`DELETE FROM saga_log WHERE saga_id = 'saga-20'`);

      const write = { context: 'ours', head: { status: 'COMPENSATING' } } as const;
      const results = await Promise.all(reads.map((read) => subject.storage.transition(subject.next(read, write))));
      for (const [i, id] of ids.entries()) {
        const isLate = late.includes(id) || id === 'saga-20';
        const outcome = isLate ? 'conflict' : id === 'saga-7' ? 'requested' : 'written';
        expect(results[i]).toMatchObject({ outcome });
        if (id === 'saga-20') continue;
        expect((await subject.load(id)).record).toMatchObject(
          {
            conflict: { version: 2, context: 'theirs', status: 'RUNNING' },
            requested: { version: 1, status: 'RUNNING' },
            written: { version: 2, context: 'ours', status: 'COMPENSATING' },
          }[outcome],
        );
      }
    });

    it('answer the requests that a writer has read', async () => {
      await Promise.all(ids.map((id) => subject.create({ id })));
      await subject.request({ sagaId: 'saga-7', id: 'r' });
      const reads = await Promise.all(ids.map((id) => subject.load(id)));
      const results = await Promise.all(
        reads.map((read) =>
          subject.storage.transition(
            subject.next(read, {
              knownRequests: read.requests.map(({ id }) => id),
              entries: read.requests.map(({ id }) => ({ event: 'cancelled', request: id, reason: 'no more' })),
            }),
          ),
        ),
      );
      expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['written']));
      expect((await subject.load('saga-7')).requests).toEqual([]);
    });

    it('stamp heads and rows with one time, from which due times count', async () => {
      const created = await subject.create();
      const written = await subject.write('saga-1', { head: { dueIn: 5_000 } });
      if (created.outcome !== 'created' || written.outcome !== 'written') throw new Error('Nothing was written.');
      const { record, entries } = await subject.load();
      expect(record).toMatchObject({
        createdAt: created.at,
        updatedAt: written.at,
        dueAt: new Date(written.at.getTime() + 5_000),
      });
      expect(entries.at(-1)).toMatchObject({ at: written.at });
    });

    it('do not run backwards in time, even if the server’s clock does', async () => {
      await subject.create();
      const future = Date.now() + 3_600_000;
      await database.query(`UPDATE saga_log SET at = ?`, [future]);
      expect(await subject.write('saga-1')).toEqual({ outcome: 'written', at: new Date(future) });
    });

    it('leave no transaction open where they fail', async () => {
      await subject.create();
      await subject.write('saga-1', { head: { failedStep: 'a' } });
      const read = await subject.load();
      const stale = subject.next({ ...read, record: { ...read.record, version: 1 } }, { head: { failedStep: 'b' } });
      expect(await subject.storage.transition(stale)).toEqual({ outcome: 'conflict' });
      // The server shows this table as it was for anybody who has read it within the last 100 ms.
      await eventually(async () => {
        const [[session]] = await pool.query<(RowDataPacket & { trx: number })[]>(
          'SELECT COUNT(*) AS trx FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = CONNECTION_ID()',
        );
        expect(session?.trx).toBe(0);
      });
      expect((await subject.load()).record).toMatchObject({ version: 2, failedStep: 'a' });
    });

    it('fit into packets, however many large values meet', async () => {
      const context = 'x'.repeat(1_000_000);
      const results = await Promise.all(ids.slice(0, 20).map((id) => subject.create({ id, context })));
      expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['created']));
      const reads = await Promise.all(ids.slice(0, 20).map((id) => subject.load(id)));
      const written = await Promise.all(
        reads.map((read) => subject.storage.transition(subject.next(read, { context: `y${context}` }))),
      );
      expect(new Set(written.map(({ outcome }) => outcome))).toEqual(new Set(['written']));
      expect((await subject.load('saga-19')).record.context).toBe(`y${context}`);
    });
  });
});
