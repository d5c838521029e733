import type { LogEntry } from '../log-entry.js';
import type { LoadedSaga } from '../saga-record.js';
import { toEntries, toLoadedSaga, type LogRow, type SagaRows } from '../rows/saga-rows.js';
import type { Sql } from '../sql/saga-tables.js';
import { isStorable } from '../rows/storable.js';
import { arrayText } from './array-text.js';
import { COLUMNS_IN_JSON, LOG_COLUMNS } from './columns.js';
import { NOW, milliseconds } from './database-clock.js';
import type { PostgresSession } from './postgres-connection.js';

/** Sagas from their last snapshots on, each as one JSON text: one statement, so that head, log and requests fit. In the order that was asked for. */
const SELECT_SAGAS: Sql = ({ heads, log, requests }) => `
  SELECT json_build_object(
    'now', ${milliseconds(NOW)},
    'head', (SELECT row_to_json(columns) FROM (SELECT ${COLUMNS_IN_JSON.ofHead}) columns),
    'log', COALESCE((
      SELECT json_agg(columns ORDER BY columns.version)
      FROM (SELECT ${COLUMNS_IN_JSON.ofLog} FROM ${log} row WHERE row.saga_id = head.id AND row.version >= head.snapshot_version) columns
    ), '[]'),
    'requests', COALESCE((
      SELECT json_agg(json_build_object('request', request.request::text) ORDER BY request.position)
      FROM ${requests} request WHERE request.saga_id = head.id
    ), '[]')
  )::text AS saga
  FROM unnest($1::text[]) WITH ORDINALITY wanted (id, place)
  CROSS JOIN LATERAL (SELECT * FROM ${heads} WHERE id = wanted.id OFFSET 0) head
  ORDER BY wanted.place`;

/** Searches backwards for the row that holds the first new entry, so that the cost is that of what is new. */
const SELECT_LOG_BEHIND: Sql = ({ log }) => `
  SELECT ${LOG_COLUMNS} FROM ${log} row
  WHERE row.saga_id = $1 AND row.version >= COALESCE(
    (SELECT version FROM ${log} WHERE saga_id = $1 AND first_seq <= $2 ORDER BY version DESC LIMIT 1), 1)
  ORDER BY row.version`;

/** The saga of this id. */
export async function loadSaga(session: PostgresSession, id: string): Promise<LoadedSaga | undefined> {
  if (!isStorable(id)) return undefined;
  const [saga] = await loadSagas(session, [id]);
  return saga;
}

/** Those that there are of these ids, in their order. */
export async function loadSagas(session: PostgresSession, ids: readonly string[]): Promise<readonly LoadedSaga[]> {
  const rows = await session.all<{ saga: string }>(SELECT_SAGAS, arrayText(ids));
  return rows.map(({ saga }) => toLoadedSaga(JSON.parse(saga) as SagaRows));
}

/** The entries behind `after`. */
export async function loadHistory(session: PostgresSession, id: string, after: number): Promise<readonly LogEntry[]> {
  if (!isStorable(id)) return [];
  const rows = await session.all<LogRow>(SELECT_LOG_BEHIND, id, after + 1);
  return rows.flatMap((row) => toEntries(id, row)).filter(({ seq }) => seq > after);
}
