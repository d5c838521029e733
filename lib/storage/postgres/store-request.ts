import type { OperatorRequest } from '../operator-request.js';
import { isFinal, type SagaStatus } from '../saga-record.js';
import type { RequestResult } from '../saga-changes.js';
import { jsonText } from '../rows/json-text.js';
import { UNFINISHED, type Sql } from '../sql/saga-tables.js';
import { isStorable, storable } from '../rows/storable.js';
import type { PostgresSession } from './postgres-connection.js';

/**
 * Locks the head, so that the saga cannot become final meanwhile, and counts the request in it: a writer that waits for the lock sees
 * the head as it is then, but the requests as they were when it began.
 */
const STORE_REQUEST: Sql = ({ heads, requests }) => `
  WITH head AS MATERIALIZED (SELECT id, status FROM ${heads} WHERE id = $1 FOR UPDATE),
  stored AS (
    INSERT INTO ${requests} (saga_id, id, request)
    SELECT id, $2, $3::json FROM head WHERE ${UNFINISHED}
    ON CONFLICT (saga_id, id) DO NOTHING
    RETURNING saga_id
  ),
  counted AS (
    UPDATE ${heads} SET requests = requests + 1 FROM stored WHERE id = stored.saga_id
  )
  SELECT status FROM head`;

/** Stores a request beside its saga. */
export async function storeRequest(session: PostgresSession, request: OperatorRequest): Promise<RequestResult> {
  const { id, sagaId } = request;
  if (!isStorable(sagaId)) return 'unknown-saga';
  const text = jsonText(request, { sagaId, what: "operator's request" });
  const [head] = await session.all<{ status: SagaStatus }>(STORE_REQUEST, sagaId, storable('request id', id), text);
  if (head === undefined) return 'unknown-saga';
  return isFinal(head.status) ? 'final' : 'stored';
}
