import type { ClaimQuery } from '../saga-queries.js';
import type { LoadedSaga } from '../saga-record.js';
import { LOG_FORMAT } from '../rows/saga-rows.js';
import { LACKS_CODE, UNFINISHED, type SagaTables, type Sql } from '../sql/saga-tables.js';
import { storable } from '../rows/storable.js';
import { NOW } from './database-clock.js';
import { loadSaga } from './load-saga.js';
import type { SqliteConnection } from './sqlite-connection.js';

/** The definitions that the claiming worker knows, and the workers that are alive. */
const knownAndAlive = ({ workers }: SagaTables): string => `
  known (name, plan_hash) AS MATERIALIZED (
    SELECT value ->> '$.name', value ->> '$.planHash' FROM json_each(?)
  ),
  alive (worker) AS MATERIALIZED (
    SELECT id FROM ${workers}
    WHERE expires_at > ${NOW} AND id NOT IN (SELECT value FROM json_each(?))
  )`;

const NOT_RUN = `(head.worker IS NULL OR head.worker NOT IN (SELECT worker FROM alive))`;

/** A saga without a due time has been waiting since its head last changed. */
const SINCE = `COALESCE(head.due_at, head.updated_at)`;

/**
 * Sagas that recovery may take. The workers that own unfinished sagas are found by hopping through the index, one probe for
 * each worker (SQLite calls it a skip scan, and has none for partial indexes); then only the sagas of dead ones are read. So the
 * cost depends neither on finished sagas nor on those that live workers run.
 */
export const SELECT_RECOVERABLE: Sql = (tables) => {
  const { heads, requests } = tables;
  const toRecover = (head: string) => `${head}.${UNFINISHED} AND ${head}.held_code IS NULL`;
  return `
  WITH RECURSIVE ${knownAndAlive(tables)},
  owner (worker) AS (
    SELECT (SELECT h.worker FROM ${heads} h WHERE ${toRecover('h')} AND h.worker >= '' ORDER BY h.worker LIMIT 1)
    UNION ALL
    SELECT (SELECT h.worker FROM ${heads} h WHERE ${toRecover('h')} AND h.worker > owner.worker ORDER BY h.worker LIMIT 1)
    FROM owner WHERE owner.worker IS NOT NULL
  ),
  gone (worker) AS MATERIALIZED (
    SELECT worker FROM owner WHERE worker IS NULL OR worker NOT IN (SELECT worker FROM alive)
  ),
  candidate (id, since) AS (
    SELECT head.id, ${SINCE} FROM gone CROSS JOIN ${heads} head ON head.worker IS gone.worker
    WHERE ${toRecover('head')} AND (? OR head.due_at IS NULL OR head.due_at <= ${NOW})
      AND head.name IN (SELECT name FROM known)
    UNION
    SELECT head.id, ${SINCE} FROM ${requests} request CROSS JOIN ${heads} head ON head.id = request.saga_id
    WHERE head.${UNFINISHED} AND ${NOT_RUN} AND head.name IN (SELECT name FROM known)
    UNION
    SELECT head.id, ${SINCE} FROM known
      CROSS JOIN ${heads} head ON head.name = known.name AND head.plan_hash = known.plan_hash
    WHERE head.${LACKS_CODE} AND head.${UNFINISHED} AND ${NOT_RUN}
  )
  SELECT id FROM candidate ORDER BY since, id LIMIT ?`;
};

/** Of the sagas that somebody asks for, those that nobody runs. */
export const SELECT_ASKED: Sql = (tables) => `
  WITH ${knownAndAlive(tables)}
  SELECT head.id FROM json_each(?) asked CROSS JOIN ${tables.heads} head ON head.id = asked.value
  WHERE head.${UNFINISHED} AND ${NOT_RUN} AND head.name IN (SELECT name FROM known)
  GROUP BY head.id ORDER BY ${SINCE}, head.id LIMIT ?`;

const APPEND_CLAIMED: Sql = ({ log }) => `
  INSERT INTO ${log} (saga_id, version, format, write_id, worker, at, first_seq, last_seq, entries)
  SELECT saga_id, version + 1, ${LOG_FORMAT}, ?, ?, ${NOW}, last_seq + 1, last_seq + 1, ?
  FROM ${log} WHERE saga_id = ? ORDER BY version DESC LIMIT 1`;

/** Its time is that of the row just appended: each statement reads the clock anew. */
const TAKE_HEAD: Sql = ({ heads, log }) => `
  UPDATE ${heads} SET worker = ?, due_at = NULL, held_code = NULL, held_reason = NULL,
    updated_at = (SELECT at FROM ${log} WHERE saga_id = id ORDER BY version DESC LIMIT 1)
  WHERE id = ?`;

/**
 * Takes over what qualifies. Looks first without the write lock, since most polls find nothing, and again with it: the lock
 * makes the second look the one that counts, and of many workers one the winner.
 */
export async function claimSagas(connection: SqliteConnection, query: ClaimQuery): Promise<readonly LoadedSaga[]> {
  const worker = storable('worker', query.worker);
  if ((await connection.read(() => findClaimable(connection, query))).length === 0) return [];
  return connection.write(() =>
    findClaimable(connection, query).flatMap((id) => {
      takeOver(connection, { id, worker, asked: query.ids !== undefined });
      return loadSaga(connection, id) ?? [];
    }),
  );
}

function findClaimable(connection: SqliteConnection, query: ClaimQuery): readonly string[] {
  const { definitions, goneWorkers = [], ids, ignoreDue, limit } = query;
  const who = [JSON.stringify(definitions), JSON.stringify(goneWorkers)];
  const rows = ids
    ? connection.all<{ id: string }>(SELECT_ASKED, ...who, JSON.stringify(ids), limit)
    : connection.all<{ id: string }>(SELECT_RECOVERABLE, ...who, ignoreDue ? 1 : 0, limit);
  return rows.map(({ id }) => id);
}

function takeOver(
  connection: SqliteConnection,
  { id, worker, asked }: { readonly id: string; readonly worker: string; readonly asked: boolean },
): void {
  const entries = JSON.stringify([{ event: 'claimed', ...(asked && { asked }) }]);
  connection.run(APPEND_CLAIMED, crypto.randomUUID(), worker, entries, id);
  connection.run(TAKE_HEAD, worker, id);
}
