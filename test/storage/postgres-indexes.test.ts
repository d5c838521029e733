import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HeadChange, SagaQuery, SagaTransition } from 'nest-saga';
import type { Pool } from 'pg';
import { checkQuery } from '../../lib/storage/checked-query.js';
import { encodeCursor } from '../../lib/storage/page-cursor.js';
import { arrayText } from '../../lib/storage/postgres/array-text.js';
import { SELECT_ASKED } from '../../lib/storage/postgres/claimable-sagas.js';
import { TAKE_RECOVERABLE } from '../../lib/storage/postgres/claim-sagas.js';
import { selectPage } from '../../lib/storage/postgres/find-sagas.js';
import { PlanTexts } from '../../lib/storage/rows/plan-texts.js';
import { postgresTables } from '../../lib/storage/postgres/postgres-tables.js';
import { DELETE_FINISHED } from '../../lib/storage/postgres/prune-sagas.js';
import { SET_UP } from '../../lib/storage/postgres/postgres-connection.js';
import { batchStatement } from '../../lib/storage/postgres/write-batch.js';
import { times, type StorageUnderTest } from '../contract/storage-under-test.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';

const TABLES = postgresTables({ schema: undefined, prefix: 'saga_' });

/** 100,000 sagas of five names, one a second: one in a hundred is not finished, one in a thousand has failed. */
const FILL = `
  INSERT INTO saga_heads (id, name, definition_version, status, worker, created_at, updated_at, plan_hash, plan, failed_step, error_message)
  SELECT 'saga-' || n, 'Saga' || n % 5, 1,
    CASE WHEN n % 100 = 0 THEN 'RUNNING' WHEN n % 1000 = 1 THEN 'FAILED' ELSE 'COMPLETED' END,
    CASE WHEN n % 100 = 0 THEN 'w' || n % 700 END, at, at, 'hash-1', '[]',
    CASE WHEN n % 1000 = 1 THEN 'charge' END, CASE WHEN n % 1000 = 1 THEN 'declined' END
  FROM generate_series(1, 100000) n, LATERAL (SELECT now() - n * interval '1 second' AS at) time;
  INSERT INTO saga_log (saga_id, version, format, write_id, at, first_seq, last_seq, entries, context)
  SELECT id, 1, 1, 'write', created_at, 1, 1, '[{"event":"created"}]', '{}' FROM saga_heads`;

await whereThereIsPostgres('Indexes of PostgresSagaStorage', () => {
  let schema: PostgresSchema;
  let pool: Pool;
  let subject: StorageUnderTest;
  beforeAll(async () => {
    schema = await PostgresSchema.create('-c synchronous_commit=off');
    pool = schema.pool({ max: 1 });
    subject = await schema.subject({ client: pool, listener: false });
    await schema.query(FILL);
    await schema.query('ANALYZE');
  }, 60_000);
  afterAll(() => schema.drop());

  /** The plan of a statement, as PostgreSQL tells it. Nothing is written. */
  async function planOf(text: string, values: readonly unknown[]): Promise<string> {
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, [...values]);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  }

  /** The same, as a transaction of ours is set up. */
  async function planInTransaction(text: string, values: readonly unknown[]): Promise<string> {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(SET_UP(TABLES), ['5s', '10s']);
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, [...values]);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  }

  /** The plan that a transaction of ours keeps for a statement, whatever its values. */
  async function planKept(by: Pool, text: string, values: readonly (string | number)[]): Promise<string> {
    const client = await by.connect();
    try {
      await client.query('BEGIN');
      await client.query(SET_UP(TABLES), ['5s', '10s']);
      await client.query(`PREPARE kept AS ${text}`);
      const literals = values.map((value) => client.escapeLiteral(String(value)));
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE kept (${literals.join(', ')})`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    } finally {
      await client.query('ROLLBACK');
      await client.query('DEALLOCATE kept');
      client.release();
    }
  }

  const wholeTable = /Seq Scan on saga_(heads|log)/;
  const known = [arrayText(['Saga1']), arrayText(['hash-1']), '{}'];
  const claim = [50, 10, 'w1', '[]'];

  it('lead to the sagas that recovery may take, and to no finished one', async () => {
    const text = TAKE_RECOVERABLE(TABLES);
    const values = [...known, 'due', ...claim];
    for (const plan of [await planInTransaction(text, values), await planKept(pool, text, values)]) {
      expect(plan).not.toMatch(wholeTable);
      expect(plan.match(/using saga_heads_unfinished/gi)?.length).toBeGreaterThanOrEqual(5);
      expect(plan.match(/Index Cond: .*due_at IS NULL/g)).toHaveLength(2);
      expect(plan.match(/Index Cond: .*due_at <=/g)).toHaveLength(2);
      expect(plan).not.toMatch(/Sort Key: head.*updated_at/);
      expect(plan).not.toMatch(/using saga_heads_by/);
    }
  });

  it('lead to the sagas that are asked for', async () => {
    const plan = await planOf(SELECT_ASKED(TABLES), [...known, 'asked', 50, arrayText(['saga-100'])]);
    expect(plan).not.toMatch(wholeTable);
  });

  it('lead to the sagas that are old enough to be pruned', async () => {
    const plan = await planOf(DELETE_FINISHED(TABLES), [99_000_000, arrayText(['COMPLETED', 'FAILED']), 100]);
    expect(plan).toMatch(/Index Cond: .*name = saga_1.name.*created_at </);
    expect(plan).not.toMatch(wholeTable);
  });

  it.each([1, 64, 512])('lead a batch of %i writes to its sagas', async (count) => {
    const batchOf = (head: HeadChange) =>
      times<SagaTransition>(count, (index) => ({
        id: `saga-${index}`,
        version: 2,
        seq: 2,
        entries: [{ event: 'completed' }],
        head,
        worker: 'w1',
        writeId: 'write',
        knownRequests: [],
      }));
    for (const head of [{ status: 'COMPLETED' }, { status: 'COMPENSATING', failedStep: 'charge' }] as const) {
      for (const takenPlaces of ['fail', 'skip'] as const) {
        const { text, values } = batchStatement({ tables: TABLES, plans: new PlanTexts() }, batchOf(head), takenPlaces);
        expect(await planOf(text, values)).not.toMatch(wholeTable);
      }
    }
  });

  const after = encodeCursor({ createdAt: Date.now() - 50_000_000, id: 'saga-1' });
  it.each<[SagaQuery, RegExp]>([
    [{}, /Scan Backward using saga_heads_by_name/],
    [{ createdBefore: new Date() }, /Scan Backward using saga_heads_by_name/],
    [{ name: 'Saga3' }, /Scan Backward using saga_heads_by_name/],
    [{ name: 'NoSuchSaga' }, /using saga_heads_by_name/],
    [{ status: 'RUNNING' }, /saga_heads_unfinished/],
    [{ status: 'COMPLETED' }, /Scan Backward using saga_heads_by_name/],
    [{ status: ['RUNNING', 'COMPLETED'] }, /saga_heads_by_name/],
    [{ status: ['PENDING', 'RUNNING', 'FAILED'] }, /saga_heads_unfinished[^]*saga_heads_by_status/],
    [{ status: ['RUNNING', 'FAILED'], name: 'Saga3' }, /saga_heads_unfinished[^]*saga_heads_by_status/],
    [{ status: 'FAILED' }, /using saga_heads_by_status/],
    [{ status: ['COMPENSATING', 'COMPENSATION_FAILED'] }, /saga_heads_by_status/],
    [{ step: 'charge' }, /saga_heads_by_(failed_step|error)/],
    [{ error: 'declined' }, /saga_heads_by_(error|failed_step)/],
    [{ held: true }, /saga_heads_held/],
    [{ held: 'unreadable' }, /saga_heads_held/],
  ])('lead to a page of %j', async (query, index) => {
    for (const page of [query, { ...query, after }]) {
      const { text, values } = selectPage(TABLES, checkQuery(page));
      const plan = await planOf(text, values);
      expect(plan).toMatch(index);
      expect(plan).not.toMatch(wholeTable);
    }
  });

  it('give the pages that they lead to', async () => {
    const { items, next } = await subject.storage.find({
      status: 'FAILED',
      step: 'charge',
      error: 'DECLINED',
      limit: 60,
    });
    expect(items).toHaveLength(60);
    const rest = await subject.storage.find({ status: 'FAILED', limit: 60, after: next });
    expect(rest.items).toHaveLength(40);
  });

  describe('of 1,000 sagas whose workers are gone', () => {
    it('let recovery take the oldest due of its own names, some at a time', async () => {
      const definitions = [{ name: 'Saga0', planHash: 'hash-1' }];
      await subject.register('w2');
      const first = await subject.claimedIds({ definitions, limit: 10 });
      const second = await subject.claimedIds({ definitions, limit: 10 });
      expect(new Set([...first, ...second]).size).toBe(20);
    });
  });

  describe('of tables whose dead rows cannot be vacuumed', () => {
    it('spare a look what the sagas of live workers have left', async () => {
      const busy = await PostgresSchema.create('-c synchronous_commit=off');
      const busyPool = busy.pool({ max: 2 });
      const busySubject = await busy.subject({ client: busyPool, listener: false });
      await busySubject.register('w1');
      const reader = await busyPool.connect();
      await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await reader.query('SELECT count(*) FROM saga_heads');
      await busy.query(FILL.replace(`'w' || n % 700`, `'w1'`));
      await busy.query(`UPDATE saga_heads SET worker = 'w1', status = 'RUNNING' WHERE name = 'Saga1'`);
      await busy.query(`UPDATE saga_heads SET worker = NULL, status = 'COMPLETED' WHERE status = 'RUNNING'`);
      const { rows } = await busyPool.query<{
        'QUERY PLAN': readonly [{ readonly Plan: { readonly 'Shared Hit Blocks': number } }];
      }>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${TAKE_RECOVERABLE(TABLES)}`, [...known, 'due', ...claim]);
      expect(rows[0]?.['QUERY PLAN'][0].Plan['Shared Hit Blocks']).toBeLessThan(100);
      await reader.query('ROLLBACK');
      reader.release();
      await busy.drop();
    });
  });

  describe.each([
    ['that nobody has analyzed yet', []],
    [
      'that were analyzed while nothing was under way',
      [`UPDATE saga_heads SET status = 'COMPLETED' WHERE status = 'RUNNING'`, 'VACUUM ANALYZE'],
    ],
  ])('of tables %s', (_, statements) => {
    let young: PostgresSchema;
    let youngPool: Pool;
    beforeAll(async () => {
      young = await PostgresSchema.create('-c synchronous_commit=off');
      youngPool = young.pool({ max: 1 });
      await young.subject({ client: youngPool, listener: false });
      await young.query('ALTER TABLE saga_heads SET (autovacuum_enabled = false)');
      await young.query(FILL);
      for (const statement of statements) await young.query(statement);
    }, 60_000);
    afterAll(() => young.drop());

    it('lead claims to workers, ids and requests, never to all sagas of a name or to all that are unfinished for each id', async () => {
      for (const [select, values] of [
        [TAKE_RECOVERABLE, [...known, 'due', ...claim]],
        [SELECT_ASKED, [...known, 'asked', 50, arrayText(['saga-100'])]],
      ] as const) {
        const { rows } = await youngPool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${select(TABLES)}`, [...values]);
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        for (const one of [plan, await planKept(youngPool, select(TABLES), values)]) {
          expect(one).not.toMatch(/saga_heads_by_name/);
          expect(one).not.toMatch(wholeTable);
          expect(one).toMatch(/using saga_heads_pkey[^\n]*\n\s*Index Cond: \(id = /);
          expect(one).not.toMatch(/using saga_heads_unfinished[^\n]*\n\s*Index Cond: \(id = /);
        }
      }
    });
  });
});
