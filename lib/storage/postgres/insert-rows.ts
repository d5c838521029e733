import type { JsonValue } from '../json-value.js';
import { LOG_FORMAT } from '../rows/saga-rows.js';
import type { SagaTables } from '../sql/saga-tables.js';
import { arrayText } from './array-text.js';
import { NOW } from './database-clock.js';
import type { RowSetColumns } from './row-set.js';
import { jsonColumn, rare, steady, valueColumn } from './row-set-columns.js';
import { isCreation, type SagaWrite } from './saga-write.js';

/** The columns of a row that a write brings, and the requests that its writer knows: a list in a text. */
export const NEW_ROW_COLUMNS: RowSetColumns<SagaWrite> = {
  saga_id: valueColumn('text', ({ id }) => id),
  version: valueColumn('int', (write) => (isCreation(write) ? 1 : write.version)),
  write_id: valueColumn('text', ({ writeId }) => writeId),
  // One worker writes for a process, snapshots are rare, and requests even more so.
  worker: steady(valueColumn('text', ({ worker }) => worker)),
  first_seq: valueColumn('int', firstSeq),
  last_seq: valueColumn('int', (write) => firstSeq(write) + write.entries.length - 1),
  entries: jsonColumn(
    ({ entries }) => entries,
    ({ id }) => ({ sagaId: id, what: 'entries' }),
  ),
  context: jsonColumn(
    ({ context }) => context,
    ({ id }) => ({ sagaId: id, what: 'context' }),
  ),
  snapshot: rare(
    jsonColumn(snapshotOf, ({ id }) => ({ sagaId: id, what: 'snapshot' })),
    (write) => snapshotOf(write) !== undefined,
  ),
  known: steady(valueColumn('text', (write) => arrayText(isCreation(write) ? [] : write.knownRequests))),
};

function snapshotOf(write: SagaWrite): JsonValue | undefined {
  return isCreation(write) ? undefined : write.snapshot;
}

function firstSeq(write: SagaWrite): number {
  return isCreation(write) ? 1 : write.seq;
}

const ROW = `
  write.saga_id, write.version, write.write_id, write.worker, write.first_seq, write.last_seq,
  write.entries, write.context, write.snapshot, ${LOG_FORMAT}`;

/** Which rows of `write` come in, and when they say that they did. */
export const selectRows = {
  /** The first rows of sagas whose head came in. */
  ofCreated: (): string => `SELECT ${ROW}, ${NOW} FROM write JOIN created ON created.id = write.saga_id`,

  /**
   * Rows behind another row, whose writer has read every request. Time never runs backwards within a log, even if it does on the
   * server. `OFFSET 0` keeps the planner from making a join of the look-up, for which it would read the whole table while that is
   * small.
   */
  ofAppends: ({ log, requests }: SagaTables, { locks }: { readonly locks: boolean }): string => `
    SELECT ${ROW}, GREATEST(${NOW}, previous.at)
    FROM (SELECT * FROM write WHERE version > 1) write CROSS JOIN LATERAL (
      SELECT row.at FROM ${log} row WHERE row.saga_id = write.saga_id AND row.version = write.version - 1 OFFSET 0
    ) previous
    WHERE NOT EXISTS (
      SELECT FROM ${requests} request WHERE request.saga_id = write.saga_id AND request.id <> ALL (write.known::text[])
    )
    ${locks ? 'AND (write.saga_id NOT IN (SELECT saga_id FROM change) OR write.saga_id IN (SELECT saga_id FROM locked))' : ''}`,
};

/** What becomes of a row whose place is taken. `fail`: the whole statement does, and writes nothing. `skip`: it is left out. */
export type TakenPlaces = 'fail' | 'skip';

/**
 * This is the fence: no row comes in where the version is taken (the primary key) or, by what is selected, the one before it is
 * missing. Rows come in as they were sent, by id, unless the planner joins them in another order; where two statements then wait for each other's
 * rows, the server ends one of them, and it is sent again.
 */
export const insertRows = ({ log }: SagaTables, sources: readonly string[], takenPlaces: TakenPlaces): string => `
  appended AS (
    INSERT INTO ${log} (saga_id, version, write_id, worker, first_seq, last_seq, entries, context, snapshot, format, at)
    ${sources.join('\nUNION ALL\n')}
    ${takenPlaces === 'skip' ? 'ON CONFLICT DO NOTHING' : ''}
    RETURNING saga_id, at
  )`;
