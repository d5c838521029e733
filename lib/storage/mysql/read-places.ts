import type { OperatorRequest } from '../operator-request.js';
import { toRequest } from '../rows/saga-rows.js';
import type { SagaTables } from '../sql/saga-tables.js';
import { boundStatement, listOf, type Bind, type BoundStatement } from './bound-statement.js';
import { bytes } from './columns.js';
import { NOW, milliseconds } from './database-clock.js';
import type { MysqlSession } from './mysql-connection.js';
import type { SagaWrite } from './saga-write.js';

/** What stands where a batch wants to write, and what the operators of its sagas ask for. */
export interface Places {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The name of the definition, where a new saga's id is taken. */
  readonly nameOf: (sagaId: string) => string | undefined;
  /** When the row of this version was written; `undefined` when there is none. */
  readonly timeOf: (sagaId: string, version: number) => number | undefined;
  /** Oldest first. */
  readonly requestsOf: (sagaId: string) => readonly OperatorRequest[];
}

interface PlaceRow {
  readonly kind: 'clock' | 'head' | 'row' | 'request';
  readonly saga_id: string;
  /** A version, or the place of a request in their order. */
  readonly number: number;
  readonly at: number;
  /** A definition's name, or a request. */
  readonly text: string;
}

/** Reads all of it in one statement. */
export async function readPlaces(
  session: MysqlSession,
  { tables, batch }: { readonly tables: SagaTables; readonly batch: readonly SagaWrite[] },
): Promise<Places> {
  const { text, values } = placesStatement(tables, batch);
  const rows = await session.allOnce<PlaceRow>(text, ...values);
  const names = new Map(rows.flatMap((row) => (row.kind === 'head' ? [[row.saga_id, row.text]] : [])));
  const times = new Map(rows.flatMap((row) => (row.kind === 'row' ? [[keyOf(row.saga_id, row.number), row.at]] : [])));
  const requests = rows.filter(({ kind }) => kind === 'request').sort((a, b) => a.number - b.number);
  return {
    now: rows.find(({ kind }) => kind === 'clock')?.at ?? NaN,
    nameOf: (sagaId) => names.get(sagaId),
    timeOf: (sagaId, version) => times.get(keyOf(sagaId, version)),
    requestsOf: (sagaId) =>
      requests.filter((row) => row.saga_id === sagaId).map((row) => toRequest({ request: row.text })),
  };
}

function keyOf(sagaId: string, version: number): string {
  return `${version} ${sagaId}`;
}

/** The parts that a batch needs, of the shape of {@link PlaceRow}. */
export function placesStatement({ heads, log, requests }: SagaTables, batch: readonly SagaWrite[]): BoundStatement {
  const created = batch.filter(({ kind }) => kind === 'creation').map(({ row }) => row.sagaId);
  const appended = batch.filter(({ kind }) => kind === 'append').map(({ row }) => row);
  const place = (bind: Bind, sagaId: string, version: number): string =>
    `(saga_id = ${bind(sagaId)} AND version IN ${listOf(bind, [version - 1, version])})`;
  return boundStatement((bind) =>
    [
      `SELECT ${bytes(`'clock'`)} AS kind, NULL AS saga_id, NULL AS number, ${milliseconds(NOW)} AS at, NULL AS text`,
      ...(created.length > 0
        ? [`SELECT ${bytes(`'head'`)}, id, NULL, NULL, name FROM ${heads} WHERE id IN ${listOf(bind, created)}`]
        : []),
      ...(appended.length > 0
        ? [
            `SELECT ${bytes(`'row'`)}, saga_id, ${milliseconds('version')}, ${milliseconds('at')}, NULL FROM ${log}
             WHERE ${appended.map(({ sagaId, version }) => place(bind, sagaId, version)).join(' OR ')}`,
            `SELECT ${bytes(`'request'`)}, saga_id, ${milliseconds('position')}, NULL, ${bytes('request')} FROM ${requests}
             WHERE saga_id IN ${listOf(
               bind,
               appended.map(({ sagaId }) => sagaId),
             )}`,
          ]
        : []),
    ].join(' UNION ALL '),
  );
}
