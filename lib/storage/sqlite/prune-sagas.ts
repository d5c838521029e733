import type { PruneQuery } from '../saga-queries.js';
import { SAGA_NAMES } from '../sql/saga-names.js';
import { UNFINISHED, type Sql } from '../sql/saga-tables.js';
import { NOW } from './database-clock.js';
import type { SqliteConnection } from './sqlite-connection.js';

const DEFAULT_LIMIT = 1000;

/**
 * A saga has finished when its head last changed. It was created before that, so its name and time of creation lead to all that are
 * old enough, and to few others.
 */
export const SELECT_FINISHED: Sql = (tables) => `
  WITH RECURSIVE ${SAGA_NAMES(tables)}
  SELECT head.id FROM saga CROSS JOIN ${tables.heads} head ON head.name = saga.name
  WHERE head.created_at < ${NOW} - ? AND head.updated_at < ${NOW} - ?
    AND NOT (head.${UNFINISHED}) AND head.status IN (SELECT value FROM json_each(?))
  LIMIT ?`;

const DELETE_LOG: Sql = ({ log }) => `DELETE FROM ${log} WHERE saga_id IN (SELECT value FROM json_each(?))`;
const DELETE_REQUESTS: Sql = ({ requests }) =>
  `DELETE FROM ${requests} WHERE saga_id IN (SELECT value FROM json_each(?))`;
const DELETE_HEADS: Sql = ({ heads }) => `DELETE FROM ${heads} WHERE id IN (SELECT value FROM json_each(?))`;

/** Deletes finished sagas, whole; inside a transaction, so that nobody meets a half of one. */
export function pruneSagas(connection: SqliteConnection, query: PruneQuery): number {
  const { status = ['COMPLETED', 'FAILED'], olderThan, limit = DEFAULT_LIMIT } = query;
  const statuses = JSON.stringify([status].flat());
  const rows = connection.all<{ id: string }>(SELECT_FINISHED, olderThan, olderThan, statuses, limit);
  if (rows.length === 0) return 0;
  const ids = JSON.stringify(rows.map(({ id }) => id));
  for (const sql of [DELETE_LOG, DELETE_REQUESTS, DELETE_HEADS]) connection.run(sql, ids);
  return rows.length;
}
