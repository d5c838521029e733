import type { OperatorRequest } from '../operator-request.js';
import { isFinal, type SagaStatus } from '../saga-record.js';
import type { RequestResult } from '../saga-changes.js';
import { jsonText } from '../rows/json-text.js';
import type { Sql } from '../sql/saga-tables.js';
import { isStorable } from '../rows/storable.js';
import { bytes } from './columns.js';
import type { MysqlSession } from './mysql-connection.js';
import { storableName } from './storable-value.js';

/** With the lock the saga cannot become final meanwhile: who finishes it waits, and then reads the request. */
const LOCK_HEAD: Sql = ({ heads }) => `SELECT ${bytes('status')} AS status FROM ${heads} WHERE id = ? FOR UPDATE`;

/** Changes nothing where it is there already. */
const INSERT_REQUEST: Sql = ({ requests }) => `
  INSERT INTO ${requests} (saga_id, id, request) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE position = position`;

/** Stores a request beside its saga; inside a transaction. */
export async function storeRequest(session: MysqlSession, request: OperatorRequest): Promise<RequestResult> {
  const { id, sagaId } = request;
  if (!isStorable(sagaId)) return 'unknown-saga';
  const text = jsonText(request, { sagaId, what: "operator's request" });
  const [head] = await session.all<{ status: SagaStatus }>(LOCK_HEAD, sagaId);
  if (head === undefined) return 'unknown-saga';
  if (isFinal(head.status)) return 'final';
  await session.all(INSERT_REQUEST, sagaId, storableName('request id', id), text);
  return 'stored';
}
