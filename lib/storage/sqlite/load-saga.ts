import type { LoadedSaga } from '../saga-record.js';
import type { LogEntry } from '../log-entry.js';
import { toEntries, toLoadedSaga, type HeadRow, type LogRow, type RequestRow } from '../rows/saga-rows.js';
import type { Sql } from '../sql/saga-tables.js';
import { NOW } from './database-clock.js';
import type { SqliteConnection } from './sqlite-connection.js';

const SELECT_HEAD: Sql = ({ heads }) => `SELECT *, ${NOW} AS now FROM ${heads} WHERE id = ?`;

const SELECT_LOG: Sql = ({ log }) => `SELECT * FROM ${log} WHERE saga_id = ? AND version >= ? ORDER BY version`;

const SELECT_REQUESTS: Sql = ({ requests }) => `SELECT request FROM ${requests} WHERE saga_id = ? ORDER BY position`;

/** Searches backwards for the row that holds the first new entry, so that the cost is that of what is new. */
const SELECT_LOG_BEHIND: Sql = ({ log }) => `
  SELECT * FROM ${log}
  WHERE saga_id = ? AND version >= COALESCE(
    (SELECT version FROM ${log} WHERE saga_id = ? AND first_seq <= ? ORDER BY version DESC LIMIT 1), 1)
  ORDER BY version`;

/** The saga from its last snapshot on; inside a transaction, so that head and log fit. */
export function loadSaga(connection: SqliteConnection, id: string): LoadedSaga | undefined {
  const head = connection.first<HeadRow & { now: number }>(SELECT_HEAD, id);
  if (head === undefined) return undefined;
  const log = connection.all<LogRow>(SELECT_LOG, id, head.snapshot_version);
  const requests = connection.all<RequestRow>(SELECT_REQUESTS, id);
  return toLoadedSaga({ head, log, requests, now: head.now });
}

/** The entries behind `after`. */
export function loadHistory(connection: SqliteConnection, id: string, after: number): readonly LogEntry[] {
  const rows = connection.all<LogRow>(SELECT_LOG_BEHIND, id, id, after + 1);
  return rows.flatMap((row) => toEntries(id, row)).filter(({ seq }) => seq > after);
}
