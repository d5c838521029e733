import type { HeartbeatResult, WorkerBeat, WorkerInfo } from '../worker-beat.js';
import type { SagaTables, Sql } from '../sql/saga-tables.js';
import { isStorable, storable } from '../rows/storable.js';
import { NOW, milliseconds } from './database-clock.js';
import type { PostgresSession } from './postgres-connection.js';

/** Whether the lease stands, and the worker's sagas that an operator waits for, as a JSON text. */
const ANSWER = ({ requests, heads }: SagaTables): string => `
  SELECT EXISTS (SELECT FROM beaten) AS alive, (
    SELECT COALESCE(json_agg(DISTINCT request.saga_id), '[]')
    FROM ${requests} request JOIN ${heads} head ON head.id = request.saga_id
    WHERE head.worker = $1
  )::text AS requested`;

/**
 * Workers that are gone are forgotten when a new one comes: who is not in the table is as dead as who has expired. Registering twice
 * happens when the first answer was lost.
 */
const REGISTER: Sql = (tables) => `
  WITH forgotten AS (
    DELETE FROM ${tables.workers} WHERE id IN (
      SELECT id FROM ${tables.workers} WHERE expires_at <= ${NOW} AND id <> $1 FOR UPDATE SKIP LOCKED
    )
  ),
  beaten AS (
    INSERT INTO ${tables.workers} (id, expires_at, process) VALUES ($1, ${NOW} + $2 * interval '1 millisecond', $3)
    ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at
    RETURNING id
  )
  ${ANSWER(tables)}`;

const RENEW: Sql = (tables) => `
  WITH beaten AS (
    UPDATE ${tables.workers} SET expires_at = ${NOW} + $2 * interval '1 millisecond'
    WHERE id = $1 AND expires_at > ${NOW}
    RETURNING id
  )
  ${ANSWER(tables)}`;

const RELEASE: Sql = ({ workers }) => `DELETE FROM ${workers} WHERE id = $1`;

const SELECT_ALIVE: Sql = ({ workers }) => `
  SELECT id, process, ${milliseconds('expires_at')} AS expires_at FROM ${workers} WHERE expires_at > ${NOW} ORDER BY id`;

interface Answer {
  readonly alive: boolean;
  readonly requested: string;
}

interface WorkerRow {
  readonly id: string;
  readonly process: string | null;
  readonly expires_at: number;
}

/** Registers a worker or renews its lease, and tells which of its sagas an operator waits for. */
export async function beatWorker(session: PostgresSession, beat: WorkerBeat): Promise<HeartbeatResult> {
  const worker = storable('worker', beat.worker);
  const process = beat.process === undefined ? null : storable('process', beat.process);
  const [answer] = await (beat.beat === 0
    ? session.all<Answer>(REGISTER, worker, beat.duration, process)
    : session.all<Answer>(RENEW, worker, beat.duration));
  if (!answer?.alive) return { outcome: 'expired' };
  return { outcome: 'alive', requested: JSON.parse(answer.requested) as readonly string[] };
}

/** Gives a lease up. */
export async function releaseWorker(session: PostgresSession, worker: string): Promise<void> {
  if (isStorable(worker)) await session.all(RELEASE, worker);
}

/** The workers whose lease is valid. */
export async function aliveWorkers(session: PostgresSession): Promise<readonly WorkerInfo[]> {
  const rows = await session.all<WorkerRow>(SELECT_ALIVE);
  return rows.map(({ id, process, expires_at: expiresAt }) => ({
    id,
    ...(process !== null && { process }),
    expiresAt: new Date(expiresAt),
  }));
}
