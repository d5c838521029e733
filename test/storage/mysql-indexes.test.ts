import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import type { SagaQuery } from 'nest-saga';
import { checkQuery } from '../../lib/storage/checked-query.js';
import type { BoundStatement } from '../../lib/storage/mysql/bound-statement.js';
import { selectClaimable, selectLeads, selectOrphans } from '../../lib/storage/mysql/claimable-sagas.js';
import { selectPage } from '../../lib/storage/mysql/find-sagas.js';
import { selectSagas } from '../../lib/storage/mysql/load-saga.js';
import { mysqlTables } from '../../lib/storage/mysql/mysql-tables.js';
import { deleteFinished, selectFinished } from '../../lib/storage/mysql/prune-sagas.js';
import { encodeCursor } from '../../lib/storage/page-cursor.js';
import { times, type StorageUnderTest } from '../contract/storage-under-test.js';
import { MysqlDatabase } from '../harness/mysql-database.js';
import { whereThereIsMysql } from '../harness/mysql-server.js';

const TABLES = mysqlTables({ database: undefined, prefix: 'saga_' });

const DIGITS = times(10, (n) => `SELECT ${n} AS n`).join(' UNION ALL ');

/** 100,000 sagas of five names, one a second: one in a hundred is not finished, one in a thousand has failed. */
const FILL = [
  `INSERT INTO saga_heads (id, name, definition_version, status, worker, created_at, updated_at, plan_hash, plan, failed_step, error_search)
   WITH digits AS (${DIGITS}), numbers AS (
     SELECT 1 + a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS n FROM digits a, digits b, digits c, digits d, digits e
   )
   SELECT CONCAT('saga-', n), CONCAT('Saga', n % 5), 1,
     CASE WHEN n % 100 = 0 THEN 'RUNNING' WHEN n % 1000 = 1 THEN 'FAILED' ELSE 'COMPLETED' END,
     CASE WHEN n % 100 = 0 THEN CONCAT('w', n % 700) END,
     UNIX_TIMESTAMP() * 1000 - n * 1000, UNIX_TIMESTAMP() * 1000 - n * 1000, 'hash-1', '[]',
     CASE WHEN n % 1000 = 1 THEN 'charge' END, CASE WHEN n % 1000 = 1 THEN 'declined' END
   FROM numbers`,
  `INSERT INTO saga_log (saga_id, version, format, write_id, at, first_seq, last_seq, entries, context)
   SELECT id, 1, 1, 'write', created_at, 1, 1, '[{"event":"created"}]', '{}' FROM saga_heads`,
];

const DEFINITIONS = [{ name: 'Saga1', planHash: 'hash-1' }];

await whereThereIsMysql('Indexes of MysqlSagaStorage', () => {
  let database: MysqlDatabase;
  let pool: Pool;
  let subject: StorageUnderTest;
  beforeAll(async () => {
    database = await MysqlDatabase.create();
    pool = database.pool({ connectionLimit: 1 });
    subject = await database.subject({ client: pool });
    // The server believes that they are empty until it is told to count.
    for (const table of ['saga_heads', 'saga_log']) await database.query(`ALTER TABLE ${table} STATS_AUTO_RECALC = 0`);
    for (const statement of FILL) await database.query(statement);
  }, 120_000);
  afterAll(() => database.drop());

  interface PlanRow {
    readonly table: string | null;
    readonly type: string | null;
    readonly key: string | null;
    readonly Extra: string | null;
  }

  /** The plan of a statement, as the server tells it. Nothing is written. */
  async function planOf({ text, values }: BoundStatement): Promise<readonly PlanRow[]> {
    const [rows] = await pool.query<(RowDataPacket & PlanRow)[]>(`EXPLAIN ${text}`, [...values]);
    return rows;
  }

  /** By what the statements call heads and log. */
  const large = ['head', 'last', 'entry', 'doomed', 'saga_heads', 'saga_log'];

  const isLarge = ({ table }: PlanRow): boolean => large.includes(table ?? '');

  async function keysOf(statement: BoundStatement): Promise<readonly (string | null)[]> {
    const rows = (await planOf(statement)).filter(isLarge);
    expect(rows.filter(({ type }) => type === 'ALL')).toEqual([]);
    return rows.map(({ key }) => key);
  }

  /** How many rows the server reads for `work`, by whatever way. */
  async function rowsRead(work: () => Promise<unknown>): Promise<number> {
    const before = await readSoFar();
    await work();
    return (await readSoFar()) - before;
  }

  async function readSoFar(): Promise<number> {
    const [rows] = await pool.query<(RowDataPacket & { Value: string })[]>(
      `SHOW SESSION STATUS WHERE variable_name IN ('Handler_read_next', 'Handler_read_prev', 'Handler_read_rnd_next')`,
    );
    return rows.reduce((sum, { Value: value }) => sum + Number(value), 0);
  }

  /** What reading the counters itself reads, which has a row for each variable. */
  const OWN_READS = 2_000;

  const query = { worker: 'w2', definitions: DEFINITIONS, limit: 50 };

  describe.each([
    ['that nobody has counted yet', async (): Promise<void> => undefined],
    [
      'that are counted',
      async (): Promise<void> => {
        await database.query('ANALYZE TABLE saga_heads, saga_log');
      },
    ],
  ])('of tables %s', (_, prepare) => {
    beforeAll(prepare);

    it('lead to the sagas that recovery may take, and to no finished one', async () => {
      expect(await keysOf(selectLeads(TABLES, query))).toEqual(['unfinished', 'PRIMARY', 'by_status']);
      const orphans = await planOf(selectOrphans(TABLES, { query, owners: ['w0', 'w100'], limit: 200 }));
      const ofHeads = orphans.filter(isLarge);
      expect(ofHeads.map(({ key }) => key)).toEqual(times(4, () => 'unfinished'));
      expect(ofHeads.map(({ Extra }) => Extra)).not.toContainEqual(expect.stringContaining('filesort'));
    });

    it('lead to the sagas that are asked for', async () => {
      const ids = ['saga-100', 'saga-200'];
      for (const key of await keysOf(selectClaimable(TABLES, { query, ids }))) expect(key).toBe('PRIMARY');
      for (const key of await keysOf(selectSagas(TABLES, ids))) expect(key).toBe('PRIMARY');
    });

    it('lead to the sagas that are old enough to be pruned', async () => {
      expect(await keysOf(selectFinished(TABLES.heads, { olderThan: 99_000_000, limit: 100 }))).toEqual(['by_time']);
      for (const statement of deleteFinished(TABLES, ['saga-1', 'saga-2'])) {
        for (const key of await keysOf(statement)) expect(key).toMatch(/^(PRIMARY|by_saga)$/);
      }
    });

    it.each([1, 64])('lead %i writes to their sagas', async (count) => {
      const ids = times(count, (index) => `new-${index}-${crypto.randomUUID()}`);
      const read = await rowsRead(async () => {
        await Promise.all(ids.map((id) => subject.create({ id, name: 'New' })));
        await Promise.all(ids.map((id) => subject.write(id)));
        await Promise.all(ids.map((id) => subject.write(id, { head: { status: 'COMPLETED', worker: null } })));
      });
      expect(read).toBeLessThan(OWN_READS + 30 * count);
    });
  });

  const after = encodeCursor({ createdAt: Date.now() - 50_000_000, id: 'saga-1' });
  it.each<[SagaQuery, RegExp]>([
    [{}, /^by_time$/],
    [{ createdBefore: new Date() }, /^by_time$/],
    [{ name: 'Saga3' }, /^by_(name|time)$/],
    [{ name: 'NoSuchSaga' }, /^by_name$/],
    [{ status: ['RUNNING', 'COMPLETED'] }, /^by_time$/],
    [{ status: 'COMPLETED' }, /^by_time$/],
    [{ status: 'FAILED' }, /^by_status$/],
    [{ status: ['COMPENSATING', 'COMPENSATION_FAILED'] }, /^by_status$/],
    [{ step: 'charge' }, /^by_status$/],
    [{ error: 'declined' }, /^by_status$/],
    [{ held: true }, /^by_status$/],
    [{ held: 'unreadable' }, /^by_status$/],
  ])('lead to a page of %j', async (page, key) => {
    for (const one of [page, { ...page, after }]) {
      expect(await keysOf(selectPage(TABLES.heads, checkQuery(one)))).toEqual([expect.stringMatching(key)]);
    }
  });

  it('lead to a page of sagas that have not ended by those alone', async () => {
    const page = selectPage(TABLES.heads, checkQuery({ status: ['PENDING', 'RUNNING'], after }));
    expect(await keysOf(page)).toEqual(['PRIMARY', 'unfinished', 'by_status']);
    const mixed = selectPage(TABLES.heads, checkQuery({ status: ['RUNNING', 'FAILED'], after }));
    expect(await keysOf(mixed)).toEqual(['PRIMARY', 'unfinished', 'by_status', 'by_status']);
    const read = await rowsRead(() => subject.storage.find({ status: 'RUNNING', limit: 10 }));
    expect(read).toBeLessThan(OWN_READS + 5_000);
  });

  it('give the pages that they lead to', async () => {
    const page = await subject.storage.find({ status: 'FAILED', step: 'charge', error: 'DECLINED', limit: 60 });
    expect(page.items).toHaveLength(60);
    const rest = await subject.storage.find({ status: 'FAILED', limit: 60, after: page.next });
    expect(rest.items).toHaveLength(40);
  });

  describe('of 1,000 sagas whose workers are gone', () => {
    it('let recovery take the oldest due of its own names, some at a time, and read few rows', async () => {
      const definitions = [{ name: 'Saga0', planHash: 'hash-1' }];
      await subject.register('w2');
      const claimed: string[] = [];
      const read = await rowsRead(async () => {
        claimed.push(...(await subject.claimedIds({ definitions, limit: 10 })));
        claimed.push(...(await subject.claimedIds({ definitions, limit: 10 })));
      });
      expect(new Set(claimed).size).toBe(20);
      expect(read).toBeLessThan(OWN_READS + 5_000);
    });
  });
});
