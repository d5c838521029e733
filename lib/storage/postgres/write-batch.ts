import { answeredRequests } from '../answered-requests.js';
import type { PlanTexts } from '../rows/plan-texts.js';
import type { SagaTables } from '../sql/saga-tables.js';
import { changeHead, changingColumns } from './change-head.js';
import { NOW, milliseconds } from './database-clock.js';
import { isPlaceTaken } from './driver-error.js';
import { NEW_ROW_COLUMNS, insertRows, selectRows, type TakenPlaces } from './insert-rows.js';
import { newHeadColumns } from './new-heads.js';
import type { PostgresConnection, PostgresSession } from './postgres-connection.js';
import { boundStatement, rowSet, type BoundStatement, type RowSetColumns } from './row-set.js';
import { valueColumn } from './row-set-columns.js';
import { isAppend, isCreation, type SagaWrite } from './saga-write.js';

/** When a saga's write became durable; `undefined`: it has not happened. */
export type WrittenAt = (sagaId: string) => Date | undefined;

/** What a batch is written to, and whose plans are in it. */
export interface BatchTarget {
  readonly tables: SagaTables;
  readonly plans: PlanTexts;
}

/**
 * Writes what can be written of a batch, in one statement.
 *
 * A place is hardly ever taken, and being prepared for it costs the server a tenth of the statement: it would look up each place before it
 * inserts, and confirm each row afterwards. So that is done only once a statement has failed by it, and has written nothing.
 */
export function writeBatch(
  connection: PostgresConnection,
  plans: PlanTexts,
  batch: readonly SagaWrite[],
): Promise<WrittenAt> {
  const write = (takenPlaces: TakenPlaces): Promise<WrittenAt> => {
    const { text, values } = batchStatement({ tables: connection.tables, plans }, batch, takenPlaces);
    return connection.allPrepared<WrittenRows>(text, ...values).then(writtenAt);
  };
  return write('fail').catch((error: unknown) => {
    if (!isPlaceTaken(error)) throw error;
    return write('skip');
  });
}

/** As {@link writeBatch}, in a transaction of somebody else's, on a connection that may know no prepared statement of ours. */
export async function writeTo(
  session: PostgresSession,
  target: BatchTarget,
  batch: readonly SagaWrite[],
): Promise<WrittenAt> {
  const { text, values } = batchStatement(target, batch, 'skip');
  return writtenAt(await session.allOnce<WrittenRows>(text, ...values));
}

/** Rows that were written at the same time: one row to be sent and read instead of one for each. */
interface WrittenRows {
  /** A list in JSON; null: all of the batch. */
  readonly saga_ids: string | null;
  readonly at: number;
}

function writtenAt(rows: readonly WrittenRows[]): WrittenAt {
  const times = new Map<string, Date>();
  for (const { saga_ids: ids, at } of rows) {
    const time = new Date(at);
    if (ids === null) return () => time;
    for (const id of JSON.parse(ids) as readonly string[]) times.set(id, time);
  }
  return (sagaId) => times.get(sagaId);
}

/**
 * A batch as a statement, of the parts that it needs: heads that change are locked first, then new heads come in, then rows of the
 * log, then the heads change whose row came in. Each part takes sagas in the order of their ids, so that statements do not wait for
 * each other. New rows are sorted here: there, where they have their full width, it would be a twentieth of what the statement costs.
 *
 * @throws {UnsendableListError} when it can only be written in parts.
 * @throws {StorageRejectedError} when one of the writes cannot be stored.
 */
export function batchStatement(
  { tables, plans }: BatchTarget,
  batch: readonly SagaWrite[],
  takenPlaces: TakenPlaces,
): BoundStatement {
  const writes = [...batch].sort(byId);
  const creations = writes.filter(isCreation);
  const appends = writes.filter(isAppend);
  const changes = appends.flatMap((append) => changeHead(append) ?? []);
  const answers = appends.flatMap(({ id, entries }) => answeredRequests(entries).map((request) => ({ id, request })));
  const locks = changes.length > 0;
  const changing = changingColumns(changes);
  return boundStatement((bind) => {
    const write = rowSet(bind, writes, { name: 'write', columns: NEW_ROW_COLUMNS });
    const creation = () => rowSet(bind, creations, { name: 'creation', columns: newHeadColumns(plans) });
    const change = () => rowSet(bind, changes, { name: 'change', columns: changing.from });
    const answer = () => rowSet(bind, answers, { name: 'answer', columns: ANSWER_COLUMNS });
    const sources = [
      ...(creations.length > 0 ? [selectRows.ofCreated()] : []),
      ...(appends.length > 0 ? [selectRows.ofAppends(tables, { locks })] : []),
    ];
    const parts = [
      `write AS MATERIALIZED (SELECT * FROM ${write})`,
      ...(locks
        ? [`change AS MATERIALIZED (SELECT * FROM ${change()})`, lockHeads(tables, Object.keys(changing.to))]
        : []),
      ...(creations.length > 0 ? [createHeads(tables, { creation: creation(), locks })] : []),
      insertRows(tables, sources, takenPlaces),
      ...(locks ? [changeHeads(tables, changing.to)] : []),
      ...(answers.length > 0 ? [deleteAnswered(tables, answer())] : []),
      `outcome AS (SELECT count(*) = ${bind(batch.length)}::int AND min(at) = max(at) AS is_one, min(at) AS at FROM appended)`,
    ];
    return `WITH ${parts.join(',\n')}\n${TELL_OUTCOME}`;
  });
}

function byId({ id: a }: SagaWrite, { id: b }: SagaWrite): number {
  return a < b ? -1 : 1;
}

/** Which rows came in, and when: nearly always all of them at once, and then none is named. */
const TELL_OUTCOME = `
  SELECT NULL AS saga_ids, ${milliseconds('at')} AS at FROM outcome WHERE is_one
  UNION ALL
  SELECT json_agg(saga_id)::text, ${milliseconds('at')} FROM appended WHERE NOT (SELECT is_one FROM outcome) GROUP BY at`;

const ANSWER_COLUMNS: RowSetColumns<{ readonly id: string; readonly request: string }> = {
  saga_id: valueColumn('text', ({ id }) => id),
  id: valueColumn('text', ({ request }) => request),
};

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
