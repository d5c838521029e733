import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PostgresResult, PostgresStatement } from 'nest-saga/postgres';
import type { Pool, PoolClient } from 'pg';
import { times } from '../contract/storage-under-test.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';
import { itKeepsPromisesAt } from './describe-isolation.js';
import { describeRefusedValues } from './describe-refused-values.js';

await whereThereIsPostgres('Faults of PostgresSagaStorage', () => {
  let schema: PostgresSchema;
  beforeEach(async () => {
    schema = await PostgresSchema.create();
  });
  afterEach(() => schema.drop());

  /** Resolves when somebody has waited for so many milliseconds for what `holder` has locked. */
  async function somebodyWaitsFor(holder: PoolClient, { waiting = 1, forMs = 0 } = {}): Promise<void> {
    const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const blocked = `SELECT 1 FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))
      AND clock_timestamp() >= query_start + $2 * interval '1 millisecond'`;
    while ((await schema.query(blocked, [rows[0]?.pid, forMs])).length < waiting);
  }

  describe('a head that another transaction has locked', () => {
    let other: PoolClient;
    beforeEach(async () => {
      other = await schema.pool().connect();
    });
    afterEach(() => other.release());

    it('shows the request that came in meanwhile to the writer that waited', async () => {
      const subject = await schema.subject();
      await subject.create();
      const read = await subject.load();
      await other.query('BEGIN');
      await other.query(`UPDATE saga_heads SET requests = requests + 1`);
      await other.query(`INSERT INTO saga_requests (saga_id, id, request) VALUES ('saga-1', 'r', '{"id":"r"}')`);
      const finished = subject.storage.transition(subject.next(read, { head: { status: 'COMPLETED', worker: null } }));
      await somebodyWaitsFor(other);
      await other.query('COMMIT');
      expect(await finished).toEqual({ outcome: 'requested', requests: [{ id: 'r' }] });
      expect((await subject.load()).record).toMatchObject({ status: 'RUNNING', version: 1 });
    });

    it('is written after all when the request that came in meanwhile is gone again', async () => {
      const subject = await schema.subject();
      await subject.create();
      const read = await subject.load();
      await other.query('BEGIN');
      await other.query(`UPDATE saga_heads SET requests = requests + 1`);
      const finished = subject.storage.transition(subject.next(read, { head: { status: 'COMPLETED', worker: null } }));
      await somebodyWaitsFor(other);
      await other.query('COMMIT');
      expect(await finished).toMatchObject({ outcome: 'written' });
    });

    it('is no longer the old worker’s when it was claimed meanwhile', async () => {
      const subject = await schema.subject();
      await subject.create();
      const read = await subject.load();
      await other.query('BEGIN');
      await other.query(`UPDATE saga_heads SET worker = 'w2'`);
      await other.query(
        `INSERT INTO saga_log (saga_id, version, format, write_id, worker, at, first_seq, last_seq, entries)
         VALUES ('saga-1', 2, 1, 'claim', 'w2', now(), 3, 3, '[{"event":"claimed"}]')`,
      );
      const finished = subject.storage.transition(subject.next(read, { head: { status: 'COMPLETED' } }));
      await somebodyWaitsFor(other);
      await other.query('COMMIT');
      expect(await finished).toEqual({ outcome: 'conflict' });
      expect((await subject.load()).record).toMatchObject({ status: 'RUNNING', worker: 'w2', version: 2 });
    });

    it('is left alone by recovery, which takes the others', async () => {
      const subject = await schema.subject();
      await subject.register('w2');
      await Promise.all(times(5, (index) => subject.create({ id: `saga-${index}` })));
      await other.query('BEGIN');
      await other.query(`SELECT FROM saga_heads WHERE id = 'saga-2' FOR UPDATE`);
      expect(await subject.claimedIds()).toEqual(['saga-0', 'saga-1', 'saga-3', 'saga-4']);
      await other.query('ROLLBACK');
      expect(await subject.claimedIds()).toEqual(['saga-2']);
    });

    it('is waited for by who asks for it', async () => {
      const subject = await schema.subject();
      await subject.create();
      await other.query('BEGIN');
      await other.query(`SELECT FROM saga_heads FOR UPDATE`);
      const claimed = subject.claimedIds({ ids: ['saga-1'] });
      await somebodyWaitsFor(other);
      await other.query('ROLLBACK');
      expect(await claimed).toEqual(['saga-1']);
    });
  });

  describe('a migration', () => {
    /** Tables as a release left them whose last migration was `version`. */
    async function migratedTo(version: number): Promise<void> {
      for (const { sql } of schema.storage().migrations().slice(0, version)) await schema.query(sql);
    }

    it('holds nobody up for long, while a transaction is left open that has read the tables', async () => {
      await migratedTo(1);
      const reader = await schema.pool().connect();
      try {
        await reader.query('BEGIN; SELECT FROM saga_heads');
        const replicas = [schema.storage(), schema.storage()];
        const opened = Promise.all(replicas.map((replica) => replica.open()));
        await somebodyWaitsFor(reader);
        await schema.pool({ statement_timeout: 4_000 }).query('SELECT FROM saga_heads');
        await reader.query('COMMIT');
        await opened;
        expect(await schema.query('SELECT version FROM saga_migrations')).toHaveLength(4);
      } finally {
        reader.release(true);
      }
    });

    it('waits for its turn for longer than a statement of the user may take', async () => {
      const other = await schema.pool().connect();
      try {
        await other.query('BEGIN');
        await other.query(`SELECT pg_advisory_xact_lock(hashtextextended('nest-saga saga_migrations', 0))`);
        const options = `${schema.connectionOptions} -c statement_timeout=200`;
        const opened = schema.storage({ client: schema.pool({ options }) }).open();
        await Promise.race([opened, somebodyWaitsFor(other, { forMs: 400 })]);
        await other.query('COMMIT');
        await opened;
        expect(await schema.query('SELECT FROM saga_migrations')).toHaveLength(4);
      } finally {
        other.release(true);
      }
    });
  });

  describeRefusedValues(() => schema, { violation: { code: '23514' } });

  describe('a server that is not there', () => {
    const disconnect = (pool: Pool): Promise<unknown> =>
      schema.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()`,
        [pool.options.application_name],
      );

    it('is no matter when nobody needed it', async () => {
      const client = schema.pool({ application_name: schema.name });
      const subject = await schema.subject({ client, listener: false });
      await Promise.all(times(20, (index) => subject.create({ id: `saga-${index}` })));
      const lost = new Promise((resolve) => client.once('error', resolve));
      await disconnect(client);
      await lost;
      expect(await subject.storage.load('saga-1').catch(() => subject.storage.load('saga-1'))).toBeDefined();
    });

    it('is reported to those whose writes it took along, and everything goes on', async () => {
      const client = schema.pool({ application_name: schema.name });
      const subject = await schema.subject({ client });
      await subject.create();
      const other = await schema.pool().connect();
      await other.query('BEGIN');
      await other.query('LOCK TABLE saga_log');
      const written = subject.write('saga-1', { context: 'new' });
      const loaded = subject.load('saga-1');
      const failed = { code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'failed', retryable: true, cause: expect.anything() };
      const reports = Promise.all([
        expect(written).rejects.toMatchObject(failed),
        expect(loaded).rejects.toMatchObject(failed),
      ]);
      await somebodyWaitsFor(other, { waiting: 2 });
      await disconnect(client);
      await reports;
      await other.query('ROLLBACK');
      other.release();
      expect((await subject.load()).record).toMatchObject({ version: 1 });
      expect(await subject.write('saga-1')).toMatchObject({ outcome: 'written' });
    });

    it('ends no process when a connection is lost in the moment in which the pool lends it', async () => {
      const client = schema.pool();
      const subject = await schema.subject({ client });
      await subject.create();
      // What a server says right behind its greeting is read before anybody who awaits the connection is told that he has it.
      const lose = (connection: PoolClient): boolean => connection.emit('error', new Error('terminating connection'));
      const connect = client.connect.bind(client);
      const lending = async (): Promise<PoolClient> => {
        const connection = await connect();
        lose(connection);
        return connection;
      };
      client.connect = ((...callback: [never]) =>
        callback.length > 0 ? connect(...callback) : lending()) as typeof client.connect;
      expect(await subject.claimedIds()).toEqual(['saga-1']);
    });

    it('leaves no half of a claim', async () => {
      const client = schema.pool({ application_name: schema.name });
      const subject = await schema.subject({ client });
      await subject.create();
      const other = await schema.pool().connect();
      await other.query('BEGIN');
      await other.query('LOCK TABLE saga_log IN SHARE MODE');
      const claimed = expect(subject.claim()).rejects.toMatchObject({ reason: 'failed' });
      await somebodyWaitsFor(other);
      await disconnect(client);
      await claimed;
      await other.query('ROLLBACK');
      other.release();
      expect(await subject.claimedIds()).toEqual(['saga-1']);
      expect((await subject.load()).record).toMatchObject({ version: 2, worker: 'w2' });
    });

    it('is reported with its own error as the cause', async () => {
      const subject = await schema.subject();
      await schema.query('DROP TABLE saga_workers');
      await expect(subject.storage.workers()).rejects.toMatchObject({
        reason: 'failed',
        message: expect.stringContaining('42P01'),
        cause: { message: expect.stringContaining('saga_workers') },
      });
    });
  });

  itKeepsPromisesAt(['repeatable read', 'serializable'], (level) => {
    const options = `-c search_path=${schema.name} -c default_transaction_isolation=${level.replace(' ', '\\ ')}`;
    return schema.subject({ client: schema.pool({ options }) });
  });

  it('goes without prepared statements where a pooler has lost them', async () => {
    const client = schema.pool({ max: 1 });
    const subject = await schema.subject({ client, listener: false });
    const prepared = async () => (await client.query('SELECT name FROM pg_prepared_statements')).rows.length;
    await subject.create({ id: 'before' });
    expect(await prepared()).toBe(1);
    await client.query('DEALLOCATE ALL');
    expect(await subject.create({ id: 'after' })).toMatchObject({ outcome: 'created' });
    expect(await prepared()).toBe(0);
  });

  it('claims without them as well', async () => {
    const client = schema.pool({ max: 1 });
    const subject = await schema.subject({ client, listener: false });
    await subject.register('w2');
    await subject.create({ id: 'before' });
    expect(await subject.claimedIds()).toEqual(['before']);
    await subject.create({ id: 'after' });
    await client.query('DEALLOCATE ALL');
    expect(await subject.claimedIds()).toEqual(['after']);
  });

  it('tells a saga with a hole in its log, or in a status of a later release, from a healthy one', async () => {
    const subject = await schema.subject();
    for (const id of ['hole', 'status', 'empty', 'plan', 'well']) await subject.create({ id });
    await subject.write('hole');
    await subject.write('hole');
    await schema.query(`DELETE FROM saga_log WHERE saga_id = 'hole' AND version = 2`);
    await schema.query(`DELETE FROM saga_log WHERE saga_id = 'empty'`);
    await schema.query(`UPDATE saga_heads SET status = 'DREAMING' WHERE id = 'status'`);
    expect((await subject.load('hole')).unreadable).toContain('row 2');
    expect((await subject.load('empty')).unreadable).toContain('row 1');
    expect((await subject.load('status')).unreadable).toContain('DREAMING');
    expect((await subject.load('well')).unreadable).toBeUndefined();
    expect(await subject.claimedIds({ ids: ['empty'] })).toEqual(['empty']);
    expect((await subject.load('empty')).unreadable).toContain('context');
  });

  it('needs one statement for each write of a saga, however many sagas write at once', async () => {
    const pool = schema.pool();
    let statements = 0;
    pool.on('connect', (connection) => {
      const query = connection.query.bind(connection) as (statement: PostgresStatement) => Promise<PostgresResult>;
      Object.assign(connection, {
        query(statement: PostgresStatement) {
          // Hints follow behind the writes, at most two a second where nobody listens.
          if (!statement.text.includes('pg_notify')) statements++;
          return query(statement);
        },
      });
    });
    const subject = await schema.subject({ client: pool });
    statements = 0;
    await subject.create({ id: 'alone' });
    await subject.storage.transition(subject.next({ ...(await subject.load('alone')) }));
    expect(statements).toBe(3);

    statements = 0;
    await Promise.all(times(64, (index) => subject.create({ id: `saga-${index}` })));
    expect(statements).toBeLessThanOrEqual(2);
  });
});
