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

/** Recovery leaves what others have locked, since somebody takes care of it; and locks no more than it takes. */
const FREE_CANDIDATES = {
  candidates: `SELECT id FROM unnest($6::text[]) WITH ORDINALITY candidate (id, place) ORDER BY place`,
  lock: `FOR UPDATE SKIP LOCKED`,
};

/** Who asks for sagas by their ids waits for them, in the order in which everybody locks. */
const ASKED_CANDIDATES = {
  candidates: `SELECT id FROM unnest($6::text[]) candidate (id) ORDER BY id COLLATE "C"`,
  lock: `FOR UPDATE`,
};

/**
 * Locks those of the candidates that still qualify, and takes them over: the row that makes it so, then the head, as a batch does. What others
 * did until the lock was there does not show in this statement; but all that changes a saga takes its next place in the log, and then
 * the row of the claim finds no place. Tells which sagas those are, and which were taken.
 */
const takeOver =
  ({ candidates, lock }: typeof FREE_CANDIDATES): Sql =>
  (tables) => `
  WITH ${knownAndAlive(tables)},
  locked AS MATERIALIZED (
    SELECT head.id
    FROM (${candidates}) candidate
    CROSS JOIN LATERAL (
      SELECT id FROM ${tables.heads} head WHERE head.id = candidate.id AND ${CLAIMABLE(tables)} ${lock}
    ) head
    LIMIT $5
  ),
  claimable AS MATERIALIZED (
    SELECT locked.id, last.version, last.last_seq, last.at
    FROM locked
    LEFT JOIN LATERAL (
      SELECT version, last_seq, at FROM ${tables.log} WHERE saga_id = locked.id ORDER BY version DESC LIMIT 1
    ) last ON true
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
    INSERT INTO ${tables.heads} (id, name, definition_version, status, plan_hash, plan, created_at, worker, updated_at)
    SELECT saga_id, '', 0, '', '', 'null', at, $7, at FROM appended
    ON CONFLICT (id) DO UPDATE
    SET worker = excluded.worker, due_at = NULL, held_code = NULL, held_reason = NULL, updated_at = excluded.updated_at
  )
  SELECT claimable.id, appended.saga_id IS NOT NULL AS taken
  FROM claimable LEFT JOIN appended ON appended.saga_id = claimable.id`;

const TAKE_FREE = takeOver(FREE_CANDIDATES);
const TAKE_ASKED = takeOver(ASKED_CANDIDATES);

/** Takes over what qualifies. Looks first without any lock, since most polls find nothing. */
export async function claimSagas(connection: PostgresConnection, query: ClaimQuery): Promise<readonly LoadedSaga[]> {
  const worker = storable('worker', query.worker);
  return connection.transaction(async (session) => {
    const candidates = await findCandidates(session, query);
    if (candidates.length === 0) return [];
    const taken = await takeCandidates(session, { ...query, worker }, candidates);
    return loadSagas(
      session,
      candidates.filter((id) => taken.has(id)),
    );
  });
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

/** Where the worker before has written once more meanwhile, looks again. */
async function takeCandidates(
  session: PostgresSession,
  query: ClaimQuery,
  candidates: readonly string[],
): Promise<ReadonlySet<string>> {
  const asked = query.ids !== undefined;
  const entries = JSON.stringify([{ event: 'claimed', ...(asked && { asked }) }]);
  const taken = new Set<string>();
  let left = candidates;
  for (let attempt = 0; attempt < ATTEMPTS && left.length > 0; attempt++) {
    const values = [...qualifications(query), query.limit - taken.size, arrayText(left), query.worker, entries];
    const rows = await session.all<{ id: string; taken: boolean }>(asked ? TAKE_ASKED : TAKE_FREE, ...values);
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
