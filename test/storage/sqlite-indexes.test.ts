import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SagaQuery } from 'nest-saga';
import type { SqliteValue } from 'nest-saga/sqlite';
import { checkQuery } from '../../lib/storage/checked-query.js';
import { encodeCursor } from '../../lib/storage/page-cursor.js';
import { sagaTables } from '../../lib/storage/sql/saga-tables.js';
import { SELECT_ASKED, SELECT_RECOVERABLE } from '../../lib/storage/sqlite/claim-sagas.js';
import { selectPage } from '../../lib/storage/sqlite/find-sagas.js';
import { SELECT_FINISHED } from '../../lib/storage/sqlite/prune-sagas.js';
import { sqliteDrivers, type OpenedClient } from '../harness/sqlite-drivers.js';
import { SqliteFile } from '../harness/sqlite-file.js';

const TABLES = sagaTables('saga_');

/** One probe for the first name, and one for each name after it. */
const NAMES = [
  'SEARCH saga_heads USING COVERING INDEX saga_heads_by_name',
  'SEARCH head USING COVERING INDEX saga_heads_by_name (name>?)',
];

describe.each(sqliteDrivers.map((driver) => [driver.name, driver] as const))('indexes of %s', (_, driver) => {
  let file: SqliteFile;
  let client: OpenedClient;
  beforeEach(async () => {
    file = new SqliteFile(driver);
    client = file.connect();
    await file.storage({ client }).open();
  });
  afterEach(() => file.dispose());

  /** How SQLite reads the heads for a statement, one line each time it does. */
  function readsOfHeads(sql: string, values: readonly SqliteValue[]): string[] {
    const steps = client.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
    return steps.map(({ detail }) => detail).filter((detail) => /^(SEARCH|SCAN) (h|head|saga_heads)\b/.test(detail));
  }

  it('look for sagas to recover in indexes that hold no finished saga, and only among those of dead workers', () => {
    expect(readsOfHeads(SELECT_RECOVERABLE(TABLES), ['[]', '[]', 0, 10])).toEqual([
      'SEARCH h USING INDEX saga_heads_unfinished (held_code=? AND worker>?)',
      'SEARCH h USING INDEX saga_heads_unfinished (held_code=? AND worker>?)',
      'SEARCH head USING INDEX saga_heads_unfinished (held_code=? AND worker=?)',
      'SEARCH head USING PRIMARY KEY (id=?)',
      'SEARCH head USING INDEX saga_heads_held_by_plan (name=? AND plan_hash=?)',
    ]);
    const partial = client.prepare(`SELECT sql FROM sqlite_master WHERE name = 'saga_heads_unfinished'`).get();
    expect(partial).toMatchObject({ sql: expect.stringContaining(`WHERE status NOT IN ('COMPLETED', 'FAILED')`) });
  });

  it('look up sagas that are asked for by their ids', () => {
    expect(readsOfHeads(SELECT_ASKED(TABLES), ['[]', '[]', '[]', 10])).toEqual([
      'SEARCH head USING PRIMARY KEY (id=?)',
    ]);
  });

  it('look for sagas to prune among those that are old enough', () => {
    expect(readsOfHeads(SELECT_FINISHED(TABLES), [0, 0, '[]', 10])).toEqual([
      ...NAMES,
      'SEARCH head USING INDEX saga_heads_by_name (name=? AND created_at<?)',
    ]);
  });

  it.each<[SagaQuery, string]>([
    [{}, 'COVERING INDEX'],
    [{ createdBefore: new Date() }, 'COVERING INDEX'],
    [{ status: 'COMPLETED' }, 'INDEX'],
    [{ status: ['RUNNING', 'COMPLETED'] }, 'INDEX'],
  ])('continue a page of %j in each name, and look up only what is on these', (query, index) => {
    const after = encodeCursor({ createdAt: 1, id: 'saga-1' });
    const { sql, values } = selectPage(TABLES, checkQuery({ ...query, after }));
    expect(readsOfHeads(sql, values)).toEqual([
      ...NAMES,
      'SEARCH head USING PRIMARY KEY (id=?)',
      `SEARCH saga_heads USING ${index} saga_heads_by_name (name=? AND (created_at,id)<(?,?))`,
    ]);
  });

  it.each<[SagaQuery, string]>([
    [{ name: 'OrderSaga' }, 'by_name (name=? AND (created_at,id)<(?,?))'],
    [{ status: 'FAILED' }, 'by_status (status=? AND (created_at,id)<(?,?))'],
    [{ status: ['COMPENSATING', 'COMPENSATION_FAILED'] }, 'by_status (status=? AND (created_at,id)<(?,?))'],
    [{ step: 'charge' }, 'by_failed_step (failed_step=? AND (created_at,id)<(?,?))'],
    [{ error: 'declined' }, 'by_error ((created_at,id)<(?,?))'],
    [{ held: true }, 'held ((created_at,id)<(?,?))'],
    [{ held: 'unreadable' }, 'held ((created_at,id)<(?,?))'],
  ])('continue a page of %j where it ended', (query, index) => {
    const after = encodeCursor({ createdAt: 1, id: 'saga-1' });
    const { sql, values } = selectPage(TABLES, checkQuery({ ...query, after }));
    expect(readsOfHeads(sql, values)).toEqual([`SEARCH saga_heads USING INDEX saga_heads_${index}`]);
  });

  it('look for waiting and running sagas among the unfinished, of which there are few', () => {
    const status = ['PENDING', 'RUNNING', 'COMPENSATING'] as const;
    const { sql, values } = selectPage(TABLES, checkQuery({ status }));
    expect(readsOfHeads(sql, values)).toEqual(['SCAN saga_heads USING INDEX saga_heads_unfinished']);
  });

  it('look for all but the completed among the unfinished and among the failed', () => {
    const { sql, values } = selectPage(TABLES, checkQuery({ status: ['PENDING', 'RUNNING', 'FAILED'] }));
    expect(readsOfHeads(sql, values)).toEqual([
      'SCAN saga_heads USING INDEX saga_heads_unfinished',
      'SEARCH saga_heads USING INDEX saga_heads_by_status (status=?)',
    ]);
  });
});
