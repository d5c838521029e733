import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Pool, PoolConnection } from 'mysql2/promise';
import { times } from '../contract/storage-under-test.js';
import { FaultyProxy } from '../harness/faulty-proxy.js';
import { MysqlDatabase } from '../harness/mysql-database.js';
import { serverConfig, whereThereIsMysql } from '../harness/mysql-server.js';
import { itKeepsPromisesAt } from './describe-isolation.js';
import { describeRefusedValues } from './describe-refused-values.js';

/** Milliseconds for which InnoDB shows the same list of transactions to whoever looks at it more often. */
const LIST_AGE = 110;

/** How the storage tells of a server that is not there. */
const FAILED = { code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'failed', retryable: true, cause: expect.anything() };

await whereThereIsMysql('Faults of MysqlSagaStorage', () => {
  let database: MysqlDatabase;
  beforeEach(async () => {
    database = await MysqlDatabase.create();
  });
  afterEach(() => database.drop());

  /** The connections to the database that wait for a lock, or do anything at all. */
  const connectionsThat = (condition: string): Promise<{ id: number }[]> =>
    database.query<{ id: number }>(
      `SELECT id FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID() AND ${condition}`,
      [database.name],
    );

  const WAITS_FOR_ROWS = `id IN (SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT')`;
  const WAITS_FOR_TABLES = `state LIKE 'Waiting for table%'`;

  /** Resolves when so many connections do this. */
  async function somebody(condition: string, { count = 1 } = {}): Promise<readonly number[]> {
    for (;;) {
      const found = await connectionsThat(condition);
      if (found.length >= count) return found.map(({ id }) => id);
      await setTimeout(LIST_AGE);
    }
  }

  /** Cuts connections as an operator does. */
  async function kill(ids: readonly number[], what: 'CONNECTION' | 'QUERY' = 'CONNECTION'): Promise<void> {
    for (const id of ids) await database.query(`KILL ${what} ${id}`);
  }

  describe('a head that another transaction has locked', () => {
    let other: PoolConnection;
    beforeEach(async () => {
      other = await database.pool().getConnection();
    });
    afterEach(() => other.release());

    it('shows the request that came in meanwhile to the writer that waited', async () => {
      const subject = await database.subject();
      await subject.create();
      const read = await subject.load();
      await other.beginTransaction();
      await other.query(`SELECT 1 FROM saga_heads WHERE id = 'saga-1' FOR UPDATE`);
      await other.query(`INSERT INTO saga_requests (saga_id, id, request) VALUES ('saga-1', 'r', '{"id":"r"}')`);
      const finished = subject.storage.transition(subject.next(read, { head: { status: 'COMPLETED', worker: null } }));
      await somebody(WAITS_FOR_ROWS);
      await other.commit();
      expect(await finished).toEqual({ outcome: 'requested', requests: [{ id: 'r' }] });
      expect((await subject.load()).record).toMatchObject({ status: 'RUNNING', version: 1 });
    });

    it('keeps whoever asks for its saga by the id no longer than five seconds', async () => {
      const subject = await database.subject();
      await subject.create({ worker: undefined, status: 'PENDING' });
      await other.beginTransaction();
      await other.query(`SELECT 1 FROM saga_heads WHERE id = 'saga-1' FOR UPDATE`);
      const begun = performance.now();
      const locked = { code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'locked', retryable: true };
      await expect(subject.claimedIds({ ids: ['saga-1'] })).rejects.toMatchObject(locked);
      expect(performance.now() - begun).toBeLessThan(12_000);
      await other.rollback();
      expect(await subject.claimedIds({ ids: ['saga-1'] })).toEqual(['saga-1']);
    }, 70_000);

    it('is no longer the old worker’s when it was claimed meanwhile', async () => {
      const subject = await database.subject();
      await subject.create();
      const read = await subject.load();
      await other.beginTransaction();
      await other.query(`UPDATE saga_heads SET worker = 'w2'`);
      await other.query(
        `INSERT INTO saga_log (saga_id, version, format, write_id, worker, at, first_seq, last_seq, entries)
         VALUES ('saga-1', 2, 1, 'claim', 'w2', 0, 3, 3, '[{"event":"claimed"}]')`,
      );
      const finished = subject.storage.transition(subject.next(read, { head: { status: 'COMPLETED' } }));
      await somebody(WAITS_FOR_ROWS);
      await other.commit();
      expect(await finished).toEqual({ outcome: 'conflict' });
      expect((await subject.load()).record).toMatchObject({ status: 'RUNNING', worker: 'w2', version: 2 });
    });

    it('is left alone by recovery, which takes the others', async () => {
      const subject = await database.subject();
      await subject.register('w2');
      await Promise.all(times(5, (index) => subject.create({ id: `saga-${index}` })));
      await other.beginTransaction();
      await other.query(`SELECT 1 FROM saga_heads WHERE id = 'saga-2' FOR UPDATE`);
      expect(await subject.claimedIds()).toEqual(['saga-0', 'saga-1', 'saga-3', 'saga-4']);
      await other.rollback();
      expect(await subject.claimedIds()).toEqual(['saga-2']);
    });

    it('is waited for by who asks for it', async () => {
      const subject = await database.subject();
      await subject.create();
      await other.beginTransaction();
      await other.query(`SELECT 1 FROM saga_heads WHERE id = 'saga-1' FOR UPDATE`);
      const claimed = subject.claimedIds({ ids: ['saga-1'] });
      await somebody(WAITS_FOR_ROWS);
      await other.rollback();
      expect(await claimed).toEqual(['saga-1']);
    });
  });

  describeRefusedValues(() => database, { violation: { errno: expect.any(Number) } });

  describe('a value larger than max_allowed_packet', () => {
    it('fails alone, whatever shares its batch', async () => {
      const subject = await database.subject();
      const [server] = await database.query<{ packet: number }>('SELECT @@max_allowed_packet AS packet');
      const context = { text: 'x'.repeat(server?.packet ?? NaN) };
      const results = await Promise.allSettled([
        subject.create({ id: 'fits-1' }),
        subject.create({ id: 'fits-2', context }),
        subject.create({ id: 'fits-3' }),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(results[1]).toMatchObject({ reason: { code: 'SAGA_STORAGE_REJECTED' } });
    });
  });

  describe('a server that is not there', () => {
    /** Who keeps a table from others. */
    let keeper: PoolConnection;
    beforeEach(async () => {
      keeper = await database.pool().getConnection();
    });
    afterEach(async () => {
      await keeper.query('UNLOCK TABLES');
      keeper.release();
    });

    it('is no matter when nobody needed it', async () => {
      const subject = await database.subject();
      await Promise.all(times(20, (index) => subject.create({ id: `saga-${index}` })));
      const idle = await somebody(`command = 'Sleep'`, { count: 2 });
      await kill(idle.filter((id) => id !== keeper.threadId));
      const load = () => subject.storage.load('saga-1');
      expect(await load().catch(load)).toBeDefined();
    });

    it('is reported to those whose writes it took along, and everything goes on', async () => {
      const subject = await database.subject();
      await subject.create();
      await keeper.query('LOCK TABLES saga_log WRITE');
      const reports = Promise.all([
        expect(subject.storage.history('saga-1')).rejects.toMatchObject(FAILED),
        expect(subject.create({ id: 'saga-2' })).rejects.toMatchObject(FAILED),
      ]);
      await kill(await somebody(WAITS_FOR_TABLES, { count: 2 }));
      await reports;
      await keeper.query('UNLOCK TABLES');
      expect(await subject.storage.load('saga-2')).toBeUndefined();
      expect(await subject.write('saga-1')).toMatchObject({ outcome: 'written' });
    });

    it.each(['CONNECTION', 'QUERY'] as const)('leaves no half of a write whose %s is killed', async (what) => {
      // The next write would commit what is left open on the only connection.
      const subject = await database.subject({ client: database.pool({ connectionLimit: 1 }) });
      await subject.create();
      const read = await subject.load();
      await keeper.query('LOCK TABLES saga_log READ');
      const finished = subject.storage.transition(subject.next(read, { head: { status: 'COMPLETED', worker: null } }));
      const report = expect(finished).rejects.toMatchObject(FAILED);
      await kill(await somebody(WAITS_FOR_TABLES), what);
      await report;
      await keeper.query('UNLOCK TABLES');
      await subject.create({ id: 'saga-2' });
      expect((await subject.load()).record).toMatchObject({ status: 'RUNNING', version: 1 });
      expect(await subject.storage.transition(subject.next(read))).toMatchObject({ outcome: 'written' });
    });

    it('leaves no half of a claim', async () => {
      const subject = await database.subject();
      await subject.create();
      await keeper.query('LOCK TABLES saga_log READ');
      const claimed = expect(subject.claim()).rejects.toMatchObject({ reason: 'failed' });
      await kill(await somebody(WAITS_FOR_TABLES));
      await claimed;
      await keeper.query('UNLOCK TABLES');
      expect(await subject.claimedIds()).toEqual(['saga-1']);
      expect((await subject.load()).record).toMatchObject({ version: 2, worker: 'w2' });
    });

    it('takes a shared transaction along, of which nothing is committed', async () => {
      const subject = await database.subject();
      await subject.create({ id: 'killed' });
      const writing = subject.storage.transaction(async ({ handle, transition }) => {
        await kill([(handle as PoolConnection).threadId]);
        return transition(subject.next(await subject.load('killed')));
      });
      await expect(writing).rejects.toMatchObject({ code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'failed' });
      expect((await subject.load('killed')).record.version).toBe(1);
      expect(await subject.write('killed')).toMatchObject({ outcome: 'written' });
    });

    it('is reported with its own error as the cause', async () => {
      const subject = await database.subject();
      await database.query('DROP TABLE saga_workers');
      await expect(subject.storage.workers()).rejects.toMatchObject({
        reason: 'failed',
        message: expect.stringContaining('1146'),
        cause: { message: expect.stringContaining('saga_workers') },
      });
    });
  });

  describe('a network that loses the answer to a write', () => {
    it('leaves the write to be read again: it has happened', async () => {
      const { host = '127.0.0.1', port = 3306 } = serverConfig;
      const proxy = await FaultyProxy.before({ host, port });
      try {
        const client = database.pool({ host: '127.0.0.1', port: proxy.port });
        const subject = await database.subject({ client });
        await subject.create();
        const next = subject.next(await subject.load(), { context: 'the new one' });
        const lost = proxy.loseAnswerTo('the new one');
        await expect(subject.storage.transition(next)).rejects.toMatchObject(FAILED);
        await lost;
        expect(await subject.load()).toMatchObject({ writeId: next.writeId, record: { context: 'the new one' } });
      } finally {
        await proxy.close();
      }
    });
  });

  describe('a pool whose connections somebody else holds', () => {
    let pool: Pool;
    beforeEach(() => {
      pool = database.pool({ connectionLimit: 2 });
    });

    it('keeps writes and looks waiting until one is given back', async () => {
      const subject = await database.subject({ client: pool });
      await subject.create();
      const held = await Promise.all([pool.getConnection(), pool.getConnection()]);
      const working = Promise.all([subject.create({ id: 'saga-2' }), subject.load()]);
      const waiting = new Promise((resolve) => pool.on('enqueue', () => resolve('waits')));
      const workers = subject.storage.workers();
      expect(await Promise.race([working, waiting])).toBe('waits');
      for (const connection of held) connection.release();
      expect(await working).toMatchObject([{ outcome: 'created' }, { record: { id: 'saga-1' } }]);
      expect(await workers).toEqual([]);
    });
  });

  itKeepsPromisesAt(['REPEATABLE READ', 'SERIALIZABLE', 'READ UNCOMMITTED'], async (level) => {
    const client = database.pool({ connectionLimit: 2 });
    const connections = await Promise.all([client.getConnection(), client.getConnection()]);
    for (const connection of connections) {
      await connection.query(`SET SESSION TRANSACTION ISOLATION LEVEL ${level}`);
      connection.release();
    }
    return database.subject({ client });
  });

  it('tells a saga with a hole in its log, or in a status of a later release, from a healthy one', async () => {
    const subject = await database.subject();
    for (const id of ['hole', 'status', 'empty', 'well']) await subject.create({ id });
    await subject.write('hole');
    await subject.write('hole');
    await database.query(`DELETE FROM saga_log WHERE saga_id = 'hole' AND version = 2`);
    await database.query(`DELETE FROM saga_log WHERE saga_id = 'empty'`);
    await database.query(`UPDATE saga_heads SET status = 'DREAMING' WHERE id = 'status'`);
    expect((await subject.load('hole')).unreadable).toContain('row 2');
    expect((await subject.load('empty')).unreadable).toContain('row 1');
    expect((await subject.load('status')).unreadable).toContain('DREAMING');
    expect((await subject.load('well')).unreadable).toBeUndefined();
    expect(await subject.claimedIds({ ids: ['empty'] })).toEqual(['empty']);
    expect((await subject.load('empty')).unreadable).toContain('context');
  });
});
