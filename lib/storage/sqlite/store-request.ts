import { isFinal, type SagaStatus } from '../saga-record.js';
import type { OperatorRequest } from '../operator-request.js';
import type { RequestResult } from '../saga-changes.js';
import { jsonText } from '../rows/json-text.js';
import type { Sql } from '../sql/saga-tables.js';
import { storable } from '../rows/storable.js';
import type { SqliteConnection } from './sqlite-connection.js';

const SELECT_STATUS: Sql = ({ heads }) => `SELECT status FROM ${heads} WHERE id = ?`;

const INSERT_REQUEST: Sql = ({ requests }) => `
  INSERT INTO ${requests} (saga_id, id, request) VALUES (?, ?, ?) ON CONFLICT (saga_id, id) DO NOTHING`;

/** Stores a request beside its saga; with the write lock held, so that the saga cannot become final meanwhile. */
export function storeRequest(connection: SqliteConnection, request: OperatorRequest): RequestResult {
  const head = connection.first<{ status: SagaStatus }>(SELECT_STATUS, request.sagaId);
  if (head === undefined) return 'unknown-saga';
  if (isFinal(head.status)) return 'final';
  const text = jsonText(request, { sagaId: request.sagaId, what: "operator's request" });
  connection.run(INSERT_REQUEST, request.sagaId, storable('request id', request.id), text);
  return 'stored';
}
