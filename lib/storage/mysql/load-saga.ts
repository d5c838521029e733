import type { LogEntry } from '../log-entry.js';
import type { LoadedSaga } from '../saga-record.js';
import { toEntries, toLoadedSaga, type HeadRow, type LogRow, type RequestRow } from '../rows/saga-rows.js';
import type { SagaTables, Sql } from '../sql/saga-tables.js';
import { isStorable } from '../rows/storable.js';
import { boundStatement, listOf, type BoundStatement } from './bound-statement.js';
import { HEAD_COLUMNS, LOG_COLUMNS, bytes, selectList } from './columns.js';
import { NOW, milliseconds } from './database-clock.js';
import type { MysqlSession } from './mysql-connection.js';

/** A head, a row of a log, or a request; with nulls for what it is not. */
interface SagaRow {
  readonly kind: 'head' | 'row' | 'request';
  readonly saga_id: string;
  readonly now: number;
  readonly position: number;
  /** As {@link HeadRow}, each name behind `head_`, then as {@link LogRow}. */
  readonly [column: string]: unknown;
}

const HEAD_PART = prefixed('head', HEAD_COLUMNS);
const LOG_PART = prefixed('log', LOG_COLUMNS);

/** Sagas from their last snapshots on. One statement, so that head, log and requests fit; without an order, so that nothing is copied. */
export function selectSagas({ heads, log, requests }: SagaTables, ids: readonly string[]): BoundStatement {
  const common = (kind: string, sagaId: string, position: string) => ({
    kind: bytes(`'${kind}'`),
    saga_id: sagaId,
    now: milliseconds(NOW),
    position,
  });
  const nothing = (columns: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.keys(columns).map((name) => [name, 'NULL']));
  return boundStatement((bind) => {
    const those = () => `head.id IN ${listOf(bind, ids)}`;
    return [
      `SELECT ${selectList({ ...common('head', 'head.id', '0e0'), ...HEAD_PART, ...nothing(LOG_PART), request: 'NULL' })}
       FROM ${heads} head WHERE ${those()}`,
      `SELECT ${selectList({ ...common('row', 'head.id', '0e0'), ...nothing(HEAD_PART), ...LOG_PART, request: 'NULL' })}
       FROM ${heads} head JOIN ${log} entry ON entry.saga_id = head.id AND entry.version >= head.snapshot_version
       WHERE ${those()}`,
      `SELECT ${selectList({
        ...common('request', 'head.id', milliseconds('request.position')),
        ...nothing(HEAD_PART),
        ...nothing(LOG_PART),
        request: bytes('request.request'),
      })}
       FROM ${heads} head JOIN ${requests} request ON request.saga_id = head.id WHERE ${those()}`,
    ].join(' UNION ALL ');
  });
}

/** Searches backwards for the row that holds the first new entry, so that the cost is that of what is new. */
const SELECT_LOG_BEHIND: Sql = ({ log }) => `
  SELECT ${selectList(LOG_COLUMNS)} FROM ${log} entry
  WHERE entry.saga_id = ? AND entry.version >= COALESCE(
    (SELECT version FROM ${log} WHERE saga_id = ? AND first_seq <= ? ORDER BY version DESC LIMIT 1), 1)
  ORDER BY entry.version`;

/** The saga of this id. */
export async function loadSaga(
  session: MysqlSession,
  { tables, id }: { readonly tables: SagaTables; readonly id: string },
): Promise<LoadedSaga | undefined> {
  if (!isStorable(id)) return undefined;
  const [saga] = await loadSagas(session, { tables, ids: [id] });
  return saga;
}

/** Those that there are of these ids, in their order. */
export async function loadSagas(
  session: MysqlSession,
  { tables, ids }: { readonly tables: SagaTables; readonly ids: readonly string[] },
): Promise<readonly LoadedSaga[]> {
  if (ids.length === 0) return [];
  const { text, values } = selectSagas(tables, ids);
  const rows = new Map<string, SagaRow[]>();
  for (const row of await session.allOnce<SagaRow>(text, ...values)) {
    const others = rows.get(row.saga_id);
    if (others) others.push(row);
    else rows.set(row.saga_id, [row]);
  }
  return ids.flatMap((id) => toSaga(rows.get(id) ?? []) ?? []);
}

function toSaga(rows: readonly SagaRow[]): LoadedSaga | undefined {
  const head = rows.find(({ kind }) => kind === 'head');
  if (head === undefined) return undefined;
  const log = rows.filter(({ kind }) => kind === 'row').map((row) => unprefixed<LogRow>('log', LOG_COLUMNS, row));
  const requests = rows.filter(({ kind }) => kind === 'request').sort((a, b) => a.position - b.position);
  return toLoadedSaga({
    head: unprefixed<HeadRow>('head', HEAD_COLUMNS, head),
    log: log.sort((a, b) => a.version - b.version),
    requests: requests as readonly unknown[] as readonly RequestRow[],
    now: head.now,
  });
}

function prefixed(prefix: string, columns: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [`${prefix}_${name}`, column]));
}

function unprefixed<Row>(prefix: string, columns: Readonly<Record<string, string>>, row: SagaRow): Row {
  return Object.fromEntries(Object.keys(columns).map((name) => [name, row[`${prefix}_${name}`]])) as Row;
}

/** The entries behind `after`. */
export async function loadHistory(session: MysqlSession, id: string, after: number): Promise<readonly LogEntry[]> {
  if (!isStorable(id)) return [];
  const rows = await session.all<LogRow>(SELECT_LOG_BEHIND, id, id, after + 1);
  return rows.flatMap((row) => toEntries(id, row)).filter(({ seq }) => seq > after);
}
