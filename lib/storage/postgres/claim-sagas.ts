import type { LoadedSaga } from '../saga-record.js';
import type { ClaimQuery } from '../saga-queries.js';
import { LOG_FORMAT } from '../rows/saga-rows.js';
import { storable, isStorable } from '../rows/storable.js';
import type { SagaTables, Sql } from '../sql/saga-tables.js';
import { arrayText } from './array-text.js';
import { CLAIMABLE, SELECT_ASKED, SINCE, knownAndAlive, recoverable } from './claimable-sagas.js';
import { NOW } from './database-clock.js';
import { loadSagas } from './load-saga.js';
import type { PostgresConnection, PostgresSession } from './postgres-connection.js';
import type { PostgresValue } from './postgres-client.js';

/** Several workers look for the same sagas at the same time. So that each finds some, they look for more than they take. */
const CANDIDATES_PER_CLAIM = 4;

/** How often a claim tries again that was overtaken by the last write of the worker before. */
const ATTEMPTS = 10;

/** Which sagas a claim tries to lock, in which order, and how. */
interface Candidates {
  /** The tables that `select` reads. */
  readonly from: (tables: SagaTables) => string;
  readonly select: string;
  readonly lock: string;
}

/** Recovery leaves what others have locked, since somebody takes care of it; and locks no more than it takes. */
const RECOVERABLE: Candidates = {
  from: recoverable,
  select: 'SELECT id FROM candidate ORDER BY since, id LIMIT $5',
  lock: 'FOR UPDATE SKIP LOCKED',
};

/** Who asks for sagas by their ids (`$5`) waits for them, in the order in which everybody locks. */
const ASKED: Candidates = {
  from: knownAndAlive,
  select: 'SELECT id FROM unnest($5::text[]) candidate (id) ORDER BY id COLLATE "C"',
  lock: 'FOR UPDATE',
};

/**
 * Locks those of the candidates that still qualify, `$6` at most, and takes them over for the worker `$7`: the row that makes it so, then the
 * head, as a batch does. What others did until the lock was there does not show in this statement; but all that changes a saga takes its next
 * place in the log, and then the row of the claim finds no place. Tells which sagas those are, and which were taken; those that wait
 * longest first.
 */
const takeOver =
  ({ from, select, lock }: Candidates): Sql =>
  (tables) => `
  WITH RECURSIVE ${from(tables)},
  locked AS MATERIALIZED (
    SELECT head.id, head.since
    FROM (${select}) candidate
    CROSS JOIN LATERAL (
      SELECT id, ${SINCE} AS since FROM ${tables.heads} head WHERE head.id = candidate.id AND ${CLAIMABLE(tables)} ${lock}
    ) head
    LIMIT $6
  ),
  claimable AS MATERIALIZED (
    SELECT locked.id, locked.since, last.version, last.last_seq, last.at
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
  FROM claimable LEFT JOIN appended ON appended.saga_id = claimable.id
  ORDER BY claimable.since, claimable.id`;

export const TAKE_RECOVERABLE = takeOver(RECOVERABLE);
const TAKE_ASKED = takeOver(ASKED);

/** Takes over what qualifies. */
export async function claimSagas(connection: PostgresConnection, query: ClaimQuery): Promise<readonly LoadedSaga[]> {
  const worker = storable('worker', query.worker);
  return connection.transaction(async (session) => {
    const taken = await takeSagas(session, { ...query, worker });
    return taken.length === 0 ? [] : loadSagas(session, taken);
  });
}

/** What somebody asks for is looked for without any lock first: most of it runs somewhere. */
async function takeSagas(session: PostgresSession, query: ClaimQuery): Promise<readonly string[]> {
  const { ids, limit } = query;
  if (ids === undefined) return takeUntilSettled(session, query, [TAKE_RECOVERABLE, limit * CANDIDATES_PER_CLAIM]);
  const asked = arrayText(ids.filter(isStorable));
  const found = await session.all<{ id: string }>(SELECT_ASKED, ...qualifications(query), limit, asked);
  return found.length === 0 ? [] : takeUntilSettled(session, query, [TAKE_ASKED, arrayText(found.map(({ id }) => id))]);
}

/** Where the worker before has written once more meanwhile, looks again: for that saga, or for another one in its place. */
async function takeUntilSettled(
  session: PostgresSession,
  query: ClaimQuery,
  [take, candidates]: readonly [Sql, PostgresValue],
): Promise<readonly string[]> {
  const asked = query.ids !== undefined;
  const entries = JSON.stringify([{ event: 'claimed', ...(asked && { asked }) }]);
  const taken = new Set<string>();
  let isOvertaken = true;
  for (let attempt = 0; attempt < ATTEMPTS && isOvertaken && taken.size < query.limit; attempt++) {
    const values = [...qualifications(query), candidates, query.limit - taken.size, query.worker, entries];
    const rows = await session.all<{ id: string; taken: boolean }>(take, ...values);
    for (const row of rows) if (row.taken) taken.add(row.id);
    isOvertaken = rows.some((row) => !row.taken);
  }
  return [...taken];
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
