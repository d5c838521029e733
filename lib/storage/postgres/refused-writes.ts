import type { OperatorRequest } from '../operator-request.js';
import type { CreateResult, NewSaga, SagaTransition, TransitionResult } from '../saga-changes.js';
import { toRequest, type RequestRow } from '../rows/saga-rows.js';
import type { Sql } from '../sql/saga-tables.js';
import { arrayText } from './array-text.js';
import type { PostgresSession } from './postgres-connection.js';
import { isAppend, isCreation, type SagaWrite } from './saga-write.js';

/** Somebody came in between, and has left nothing that stands in the way: the same write can be made again. */
export const OVERTAKEN = 'overtaken';

/** Why a write did not happen. */
export type Refusal = Exclude<CreateResult, { outcome: 'created' }> | Exclude<TransitionResult, { outcome: 'written' }>;

const SELECT_NAMES: Sql = ({ heads }) => `SELECT id, name FROM ${heads} WHERE id = ANY ($1::text[])`;

const SELECT_OBSTACLES: Sql = ({ log, requests }) => `
  SELECT write.saga_id,
    EXISTS (SELECT FROM ${log} row WHERE row.saga_id = write.saga_id AND row.version = write.version)
      OR NOT EXISTS (SELECT FROM ${log} row WHERE row.saga_id = write.saga_id AND row.version = write.version - 1)
      AS conflict,
    (SELECT json_agg(json_build_object('request', request.request::text) ORDER BY request.position)
      FROM ${requests} request
      WHERE request.saga_id = write.saga_id AND request.id <> ALL (write.known::text[]))::text AS unread
  FROM unnest($1::text[], $2::int[], $3::text[]) AS write (saga_id, version, known)`;

/** Finds out why writes did not happen, by what stands there now; tells by the ids of their sagas. */
export async function explainRefusals(
  session: PostgresSession,
  refused: readonly SagaWrite[],
): Promise<ReadonlyMap<string, Refusal | typeof OVERTAKEN>> {
  const creations = refused.filter(isCreation);
  const appends = refused.filter(isAppend);
  return new Map([
    ...(creations.length > 0 ? await namesOf(session, creations) : []),
    ...(appends.length > 0 ? await obstaclesOf(session, appends) : []),
  ]);
}

async function namesOf(session: PostgresSession, creations: readonly NewSaga[]) {
  const rows = await session.all<{ id: string; name: string }>(SELECT_NAMES, idsOf(creations));
  return rows.map(({ id, name }) => [id, { outcome: 'exists', name }] as const);
}

async function obstaclesOf(session: PostgresSession, appends: readonly SagaTransition[]) {
  const rows = await session.all<ObstacleRow>(
    SELECT_OBSTACLES,
    idsOf(appends),
    arrayText(appends.map(({ version }) => version)),
    arrayText(appends.map(({ knownRequests }) => arrayText(knownRequests))),
  );
  return rows.map((row) => [row.saga_id, refusalOf(row)] as const);
}

interface ObstacleRow {
  readonly saga_id: string;
  readonly conflict: boolean;
  readonly unread: string | null;
}

/** A writer that is late hears so, whatever else there is to hear. */
function refusalOf({ conflict, unread }: ObstacleRow): Refusal | typeof OVERTAKEN {
  if (conflict) return { outcome: 'conflict' };
  if (unread !== null) return { outcome: 'requested', requests: requestsOf(unread) };
  return OVERTAKEN;
}

function requestsOf(unread: string): readonly OperatorRequest[] {
  return (JSON.parse(unread) as readonly RequestRow[]).map(toRequest);
}

function idsOf(writes: readonly SagaWrite[]): string {
  return arrayText(writes.map(({ id }) => id));
}
