import type { SagaTables } from '../sql/saga-tables.js';
import { changingColumns } from './change-head.js';
import { NEW_HEAD_COLUMNS, STEADY_HEAD_COLUMNS } from './create-saga.js';
import { NOW, milliseconds } from './database-clock.js';
import { isPlaceTaken } from './driver-error.js';
import {
  NEW_ROW_COLUMNS,
  STEADY_ROW_COLUMNS,
  insertRows,
  selectRows,
  toRowColumns,
  type TakenPlaces,
} from './insert-rows.js';
import type { PostgresConnection, PostgresSession } from './postgres-connection.js';
import { boundStatement, rowSet, type BoundStatement } from './row-set.js';
import type { SagaWrite } from './saga-write.js';

/**
 * Writes what can be written of a batch, in one statement; tells when, by the ids of the sagas that were written to.
 *
 * A place is hardly ever taken, and being prepared for it costs the server a tenth of the statement: it would look up each place before it
 * inserts, and confirm each row afterwards. So that is done only once a statement has failed by it, and has written nothing.
 */
export async function writeBatch(
  connection: PostgresConnection,
  batch: readonly SagaWrite[],
): Promise<ReadonlyMap<string, Date>> {
  const write = async (takenPlaces: TakenPlaces) => {
    const { text, values } = batchStatement(connection.tables, batch, takenPlaces);
    return timesOf(await connection.allPrepared<WrittenRows>(text, ...values));
  };
  try {
    return await write('fail');
  } catch (error) {
    if (!isPlaceTaken(error)) throw error;
    return write('skip');
  }
}

/** As {@link writeBatch}, in a transaction of somebody else's, on a connection that may know no prepared statement of ours. */
export async function writeTo(
  session: PostgresSession,
  tables: SagaTables,
  batch: readonly SagaWrite[],
): Promise<ReadonlyMap<string, Date>> {
  const { text, values } = batchStatement(tables, batch, 'skip');
  return timesOf(await session.allOnce<WrittenRows>(text, ...values));
}

function timesOf(rows: readonly WrittenRows[]): ReadonlyMap<string, Date> {
  const times = new Map<string, Date>();
  for (const { saga_ids: ids, at } of rows) {
    const time = new Date(at);
    for (const id of JSON.parse(ids) as readonly string[]) times.set(id, time);
  }
  return times;
}

/** Rows that were written at the same time, which nearly always is all of them: one row to be sent and read instead of one for each. */
interface WrittenRows {
  /** A list in JSON. */
  readonly saga_ids: string;
  readonly at: number;
}

/**
 * A batch as a statement, of the parts that it needs: heads that change are locked first, then new heads come in, then rows of the
 * log, then the heads change whose row came in. Each part takes sagas in the order of their ids, so that no two statements wait for
 * each other.
 */
export function batchStatement(
  tables: SagaTables,
  batch: readonly SagaWrite[],
  takenPlaces: TakenPlaces,
): BoundStatement {
  const heads = batch.flatMap((write) => (write.kind === 'creation' ? [write.head] : []));
  const appends = batch.flatMap((write) => (write.kind === 'append' ? [write] : []));
  const changes = appends.flatMap(({ change }) => change ?? []);
  const answers = appends.flatMap(({ row, answered }) => answered.map((id) => ({ saga_id: row.sagaId, id })));
  const locks = changes.length > 0;
  const changing = changingColumns(changes);
  return boundStatement((bind) => {
    const write = rowSet(bind, batch.map(toRowColumns), {
      name: 'write',
      columns: NEW_ROW_COLUMNS,
      steady: STEADY_ROW_COLUMNS,
    });
    const creation = () =>
      rowSet(bind, heads, { name: 'creation', columns: NEW_HEAD_COLUMNS, steady: STEADY_HEAD_COLUMNS });
    const change = () => rowSet(bind, changes, { name: 'change', columns: changing.from });
    const answer = () => rowSet(bind, answers, { name: 'answer', columns: { saga_id: 'text', id: 'text' } });
    const sources = [
      ...(heads.length > 0 ? [selectRows.ofCreated()] : []),
      ...(appends.length > 0 ? [selectRows.ofAppends(tables, { locks })] : []),
    ];
    const parts = [
      `write AS MATERIALIZED (SELECT * FROM ${write})`,
      ...(locks
        ? [`change AS MATERIALIZED (SELECT * FROM ${change()})`, lockHeads(tables, Object.keys(changing.to))]
        : []),
      ...(heads.length > 0 ? [createHeads(tables, { creation: creation(), locks })] : []),
      insertRows(tables, sources, takenPlaces),
      ...(locks ? [changeHeads(tables, changing.to)] : []),
      ...(answers.length > 0 ? [deleteAnswered(tables, answer())] : []),
    ];
    return `WITH ${parts.join(',\n')}\nSELECT json_agg(saga_id)::text AS saga_ids, ${milliseconds('at')} AS at FROM appended GROUP BY at`;
  });
}

/**
 * A lock may have been waited for, and what its holder did is not in the snapshot of this statement. If it was a claim, the row's
 * place is taken. If it was an operator's request, the head counts one more now than it does in the snapshot; such a head is left out, and
 * nothing is written to its saga. (The planner may not make joins of these look-ups: it would read the whole table while it is
 * small.)
 */
const lockHeads = ({ heads }: SagaTables, changing: readonly string[]): string => `
  locked AS MATERIALIZED (
    SELECT change.saga_id, head.*
    FROM (SELECT saga_id FROM change ORDER BY saga_id) change
    CROSS JOIN LATERAL (
      SELECT requests, ${changing.join(', ')} FROM ${heads} WHERE id = change.saga_id FOR UPDATE
    ) head
    CROSS JOIN LATERAL (SELECT requests FROM ${heads} WHERE id = change.saga_id OFFSET 0) seen
    WHERE head.requests = seen.requests
  )`;

const createHeads = (
  { heads }: SagaTables,
  { creation, locks }: { readonly creation: string; readonly locks: boolean },
): string => `
  created AS (
    INSERT INTO ${heads} (id, name, definition_version, status, worker, plan_hash, plan, created_at, updated_at)
    SELECT id, name, definition_version, status, worker, plan_hash, plan, ${NOW}, ${NOW} FROM ${creation}
    ${locks ? 'WHERE (SELECT count(*) FROM locked) IS NOT NULL' : ''}
    ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING id
  )`;

/**
 * An update by another name: each head is there, since it is locked, so it is always the conflict that decides. An `UPDATE` would join, and
 * the plan that the server makes of that while the table is small, and keeps, reads all of it for each batch; a conflict is
 * looked up in the primary key, whatever the planner believes. What has to be given and does not change is empty.
 */
const changeHeads = ({ heads }: SagaTables, changed: Readonly<Record<string, string>>): string => {
  const columns = Object.keys(changed);
  const list = columns.join(', ');
  return `
  changed AS (
    INSERT INTO ${heads} (id, name, definition_version, plan_hash, plan, created_at, ${list})
    SELECT locked.saga_id, '', 0, '', 'null', appended.at, ${Object.values(changed).join(', ')}
    FROM locked JOIN change ON change.saga_id = locked.saga_id JOIN appended ON appended.saga_id = locked.saga_id
    ON CONFLICT (id) DO UPDATE SET (${list}) = ROW (${columns.map((column) => `excluded.${column}`).join(', ')})
  )`;
};

const deleteAnswered = ({ requests }: SagaTables, answer: string): string => `
  answered AS (
    DELETE FROM ${requests} request USING ${answer} JOIN appended ON appended.saga_id = answer.saga_id
    WHERE request.saga_id = answer.saga_id AND request.id = answer.id
  )`;
