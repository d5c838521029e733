import type { OperatorRequest } from '../operator-request.js';
import type { RequestResult } from '../saga-changes.js';
import { jsonText } from '../rows/json-text.js';
import { isStorable, storable } from '../rows/storable.js';
import type { RedisConnection } from './redis-connection.js';
import { STORE_REQUEST } from './scripts/store-request.js';

/** Stores a request beside its saga; in one script, so that the saga cannot become final meanwhile. */
export async function storeRequest(connection: RedisConnection, request: OperatorRequest): Promise<RequestResult> {
  const { id, sagaId } = request;
  if (!isStorable(sagaId)) return 'unknown-saga';
  const { head, requests } = connection.keys.saga(sagaId);
  const text = jsonText(request, { sagaId, what: "operator's request" });
  const result = await connection.run({
    script: STORE_REQUEST,
    keys: [head, requests, connection.keys.requested],
    args: [sagaId, storable('request id', id), text],
  });
  return result as RequestResult;
}
