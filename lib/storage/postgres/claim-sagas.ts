import type { LoadedSaga } from '../saga-record.js';
import type { ClaimQuery } from '../saga-queries.js';
import { LOG_FORMAT } from '../rows/saga-rows.js';
import { storable, isStorable } from '../rows/storable.js';
import type { Sql } from '../sql/saga-tables.js';
import { arrayText } from './array-text.js';
import { CLAIMABLE, SELECT_ASKED, SELECT_RECOVERABLE, knownAndAlive } from './claimable-sagas.js';
import { NOW } from './database-clock.js';
import { loadSagas } from './load-saga.js';
import type { PostgresConnection, PostgresSession } from './postgres-connection.js';
import type { PostgresValue } from './postgres-client.js';

/** Several workers look for the same sagas at the same time. So that each finds some, they look for more than they take. */
const CANDIDATES_PER_CLAIM = 4;

/** How often a claim tries again that was overtaken by the last write of the worker before. */
const ATTEMPTS = 10;

/** Recovery leaves what others have locked: somebody takes care of it. */
const LOCK_FREE: Sql = ({ heads }) => `
  SELECT id FROM ${heads} WHERE id = ANY ($1::text[]) ORDER BY array_position($1::text[], id) LIMIT $2
  FOR UPDATE SKIP LOCKED`;

/** Who asks for sagas by their ids waits for them, in the order in which everybody locks. */
const LOCK_ASKED: Sql = ({ heads }) => `SELECT id FROM ${heads} WHERE id = ANY ($1::text[]) ORDER BY id FOR UPDATE`;

/**
 * Takes over those of the locked sagas that still qualify: the row that makes it so, then the head. Tells which those are, and
 * whether the row found its place; where it did not, the worker before has just written once more.
 */
const TAKE_OVER: Sql = (tables) => `
  WITH ${knownAndAlive(tables)},
  claimable AS MATERIALIZED (
    SELECT head.id, last.version, last.last_seq, last.at
    FROM ${tables.heads} head
    LEFT JOIN LATERAL (
      SELECT version, last_seq, at FROM ${tables.log} WHERE saga_id = head.id ORDER BY version DESC LIMIT 1
    ) last ON true
    WHERE head.id = ANY ($6::text[]) AND ${CLAIMABLE(tables)}
    ORDER BY array_position($6::text[], head.id) LIMIT $5
  ),
  appended AS (
    INSERT INTO ${tables.log} (saga_id, version, format, write_id, worker, at, first_seq, last_seq, entries)
    SELECT id, COALESCE(version, 0) + 1, ${LOG_FORMAT}, gen_random_uuid()::text, $7, GREATEST(${NOW}, at),
      COALESCE(last_seq, 0) + 1, COALESCE(last_seq, 0) + 1, $8::json
    FROM claimable ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING saga_id, at
  ),
  taken AS (
    UPDATE ${tables.heads} head
    SET worker = $7, due_at = NULL, held_code = NULL, held_reason = NULL, updated_at = appended.at
    FROM appended WHERE head.id = appended.saga_id
  )
  SELECT claimable.id, appended.saga_id IS NOT NULL AS taken
  FROM claimable LEFT JOIN appended ON appended.saga_id = claimable.id`;

/**
 * Takes over what qualifies. Looks first without any lock, since most polls find nothing; then locks what it found, and looks again: what
 * others did until then shows only in a statement that begins under the locks.
 */
export async function claimSagas(connection: PostgresConnection, query: ClaimQuery): Promise<readonly LoadedSaga[]> {
  const worker = storable('worker', query.worker);
  const candidates = await findCandidates(connection, query);
  if (candidates.length === 0) return [];
  const taken = await connection.transaction(async (session) => {
    const lock = query.ids
      ? session.all<{ id: string }>(LOCK_ASKED, arrayText(candidates))
      : session.all<{ id: string }>(LOCK_FREE, arrayText(candidates), query.limit);
    const locked = new Set((await lock).map(({ id }) => id));
    return takeOver(
      session,
      { ...query, worker },
      candidates.filter((id) => locked.has(id)),
    );
  });
  return loadSagas(
    connection,
    candidates.filter((id) => taken.has(id)),
  );
}

async function findCandidates(session: PostgresSession, query: ClaimQuery): Promise<readonly string[]> {
  const { ids, limit } = query;
  const rows = ids
    ? await session.all<{ id: string }>(
        SELECT_ASKED,
        ...qualifications(query),
        limit,
        arrayText(ids.filter(isStorable)),
      )
    : await session.all<{ id: string }>(SELECT_RECOVERABLE, ...qualifications(query), limit * CANDIDATES_PER_CLAIM);
  return rows.map(({ id }) => id);
}

async function takeOver(
  session: PostgresSession,
  query: ClaimQuery,
  locked: readonly string[],
): Promise<ReadonlySet<string>> {
  const asked = query.ids !== undefined;
  const entries = JSON.stringify([{ event: 'claimed', ...(asked && { asked }) }]);
  const taken = new Set<string>();
  let left = locked;
  for (let attempt = 0; attempt < ATTEMPTS && left.length > 0; attempt++) {
    const values = [...qualifications(query), query.limit - taken.size, arrayText(left), query.worker, entries];
    const rows = await session.all<{ id: string; taken: boolean }>(TAKE_OVER, ...values);
    for (const row of rows) if (row.taken) taken.add(row.id);
    left = rows.filter((row) => !row.taken).map(({ id }) => id);
  }
  return taken;
}

/** The parameters of `knownAndAlive` and `CLAIMABLE`, `$1` to `$4`. */
function qualifications({ definitions, goneWorkers = [], ids, ignoreDue = false }: ClaimQuery): PostgresValue[] {
  return [
    arrayText(definitions.map(({ name }) => name)),
    arrayText(definitions.map(({ planHash }) => planHash)),
    arrayText(goneWorkers),
    ids !== undefined ? 'asked' : ignoreDue ? 'early' : 'due',
  ];
}
