import type { PruneQuery } from '../saga-queries.js';
import { SAGA_NAMES } from '../sql/saga-names.js';
import { UNFINISHED, type Sql } from '../sql/saga-tables.js';
import { arrayText } from './array-text.js';
import { NOW } from './database-clock.js';
import type { PostgresSession } from './postgres-connection.js';

const DEFAULT_LIMIT = 1000;

/**
 * A saga has finished when its head last changed. It was created before that, so its name and time of creation lead to all that are
 * old enough, and to few others.
 */
export const DELETE_FINISHED: Sql = (tables) => {
  const { heads, log, requests } = tables;
  return `
  WITH RECURSIVE ${SAGA_NAMES(tables)},
  finished AS MATERIALIZED (
    SELECT head.id FROM saga CROSS JOIN LATERAL (
      SELECT id FROM ${heads}
      WHERE name = saga.name AND created_at < ${NOW} - $1 * interval '1 millisecond'
        AND updated_at < ${NOW} - $1 * interval '1 millisecond' AND NOT (${UNFINISHED}) AND status = ANY ($2::text[])
      ORDER BY created_at, id LIMIT $3
      FOR UPDATE SKIP LOCKED
    ) head
    LIMIT $3
  ),
  rows AS (DELETE FROM ${log} WHERE saga_id = ANY (ARRAY(SELECT id FROM finished))),
  asked AS (DELETE FROM ${requests} WHERE saga_id = ANY (ARRAY(SELECT id FROM finished))),
  deleted AS (DELETE FROM ${heads} WHERE id = ANY (ARRAY(SELECT id FROM finished)) RETURNING id)
  SELECT count(*)::int AS count FROM deleted`;
};

/** Deletes finished sagas, whole, in one statement, so that nobody meets a half of one. */
export async function pruneSagas(session: PostgresSession, query: PruneQuery): Promise<number> {
  const { status = ['COMPLETED', 'FAILED'], olderThan, limit = DEFAULT_LIMIT } = query;
  const statuses = arrayText([status].flat());
  const [deleted] = await session.all<{ count: number }>(DELETE_FINISHED, olderThan, statuses, limit);
  return deleted?.count ?? 0;
}
