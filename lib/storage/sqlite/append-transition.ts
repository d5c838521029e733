import type { OperatorRequest } from '../operator-request.js';
import type { SagaTransition, TransitionResult } from '../saga-changes.js';
import { answeredRequests } from '../answered-requests.js';
import { newRow, type NewRow } from '../rows/new-row.js';
import { toRequest, type RequestRow } from '../rows/saga-rows.js';
import type { Sql } from '../sql/saga-tables.js';
import { explainHead, reasonsOf, setSnapshot } from './change-head.js';
import type { SagaWrite } from './saga-write.js';
import type { SqliteConnection } from './sqlite-connection.js';

const SELECT_ROW: Sql = ({ log }) => `SELECT 1 FROM ${log} WHERE saga_id = ? AND version = ?`;

const SELECT_REQUESTS: Sql = ({ requests }) => `
  SELECT request FROM ${requests} WHERE saga_id = ? ORDER BY position`;

const DELETE_REQUEST: Sql = ({ requests }) => `DELETE FROM ${requests} WHERE saga_id = ? AND id = ?`;

/** The next row of a saga's log, and what it changes in the head. */
export function appendTransition(transition: SagaTransition): SagaWrite<TransitionResult> {
  const row = newRow(transition, transition);
  const { head, snapshot, entries, knownRequests: known } = transition;
  const reasons = head && reasonsOf(row.sagaId, head);
  const isPlain = reasons === undefined && snapshot === undefined && known.length === 0;
  return {
    row,
    move: head,
    hindrance(connection) {
      const unread = unreadRequests(connection, row.sagaId, known);
      return unread.length > 0 && isFree(connection, row) ? { outcome: 'requested', requests: unread } : undefined;
    },
    refused: () => ({ outcome: 'conflict' }),
    besides: isPlain
      ? undefined
      : (connection) => {
          for (const request of answeredRequests(entries)) connection.run(DELETE_REQUEST, row.sagaId, request);
          if (reasons) explainHead(connection, row.sagaId, reasons);
          if (snapshot !== undefined) setSnapshot(connection, row.sagaId, row.version);
        },
    written: (now) => ({ outcome: 'written', at: new Date(now) }),
  };
}

function unreadRequests(
  connection: SqliteConnection,
  sagaId: string,
  known: readonly string[],
): readonly OperatorRequest[] {
  const requests = connection.all<RequestRow>(SELECT_REQUESTS, sagaId).map(toRequest);
  return requests.filter(({ id }) => !known.includes(id));
}

/** A writer that is late hears so, whatever else there is to hear. */
function isFree(connection: SqliteConnection, { sagaId, version }: NewRow): boolean {
  return (
    connection.first(SELECT_ROW, sagaId, version) === undefined &&
    connection.first(SELECT_ROW, sagaId, version - 1) !== undefined
  );
}
