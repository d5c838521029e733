import type { PruneQuery } from '../saga-queries.js';
import { UNFINISHED, type SagaTables } from '../sql/saga-tables.js';
import { boundStatement, listOf, type BoundStatement } from './bound-statement.js';
import { NOW } from './database-clock.js';
import type { MysqlConnection } from './mysql-connection.js';

const DEFAULT_LIMIT = 1000;

/**
 * A saga has finished when its head last changed. It was created before that, so the index of creation times leads to all that
 * are old enough, and to few others. What somebody else has locked is left for the next time.
 */
export function selectFinished(heads: string, query: PruneQuery): BoundStatement {
  const { status = ['COMPLETED', 'FAILED'], olderThan, limit = DEFAULT_LIMIT } = query;
  return boundStatement(
    (bind) => `
      SELECT id FROM ${heads} FORCE INDEX (by_time)
      WHERE created_at < ${NOW} - ${bind(olderThan)} AND updated_at < ${NOW} - ${bind(olderThan)}
        AND NOT (${UNFINISHED}) AND status IN ${listOf(bind, [status].flat())}
      ORDER BY created_at, id LIMIT ${bind(limit)}
      FOR UPDATE SKIP LOCKED`,
  );
}

/** (The index is named because servers that have not counted a young table yet would rather read all of it.) */
export function deleteFinished(
  { heads, log, requests }: SagaTables,
  ids: readonly string[],
): readonly BoundStatement[] {
  const deletion = (table: string, key: string, id: string) =>
    boundStatement(
      (bind) => `DELETE doomed FROM ${table} doomed FORCE INDEX (${key}) WHERE doomed.${id} IN ${listOf(bind, ids)}`,
    );
  return [
    deletion(log, 'PRIMARY', 'saga_id'),
    deletion(requests, 'by_saga', 'saga_id'),
    deletion(heads, 'PRIMARY', 'id'),
  ];
}

/** Deletes finished sagas, whole, in one transaction, so that nobody meets a half of one. */
export function pruneSagas(connection: MysqlConnection, query: PruneQuery): Promise<number> {
  const { tables } = connection;
  return connection.transaction(async (session) => {
    const finished = selectFinished(tables.heads, query);
    const rows = await session.allOnce<{ id: string }>(finished.text, ...finished.values);
    if (rows.length === 0) return 0;
    const ids = rows.map(({ id }) => id);
    for (const { text, values } of deleteFinished(tables, ids)) await session.allOnce(text, ...values);
    return rows.length;
  });
}
