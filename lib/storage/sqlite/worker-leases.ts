import type { HeartbeatResult, WorkerBeat, WorkerInfo } from '../worker-beat.js';
import type { Sql } from '../sql/saga-tables.js';
import { storable } from '../rows/storable.js';
import { NOW } from './database-clock.js';
import type { SqliteConnection } from './sqlite-connection.js';

/** Workers that are gone are forgotten when a new one comes: who is not in the table is as dead as who has expired. */
const FORGET_EXPIRED: Sql = ({ workers }) => `DELETE FROM ${workers} WHERE expires_at <= ${NOW}`;

/** Registering twice happens when the first answer was lost. */
const REGISTER: Sql = ({ workers }) => `
  INSERT INTO ${workers} (id, process, expires_at) VALUES (?, ?, ${NOW} + ?)
  ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at`;

const RENEW: Sql = ({ workers }) => `
  UPDATE ${workers} SET expires_at = ${NOW} + ? WHERE id = ? AND expires_at > ${NOW}`;

const RELEASE: Sql = ({ workers }) => `DELETE FROM ${workers} WHERE id = ?`;

const SELECT_ALIVE: Sql = ({ workers }) => `
  SELECT id, process, expires_at FROM ${workers} WHERE expires_at > ${NOW} ORDER BY id`;

const SELECT_REQUESTED: Sql = ({ requests, heads }) => `
  SELECT DISTINCT request.saga_id AS id
  FROM ${requests} request CROSS JOIN ${heads} head ON head.id = request.saga_id
  WHERE head.worker = ?`;

interface WorkerRow {
  readonly id: string;
  readonly process: string | null;
  readonly expires_at: number;
}

/** Registers a worker or renews its lease, and tells which of its sagas an operator waits for. */
export function beatWorker(connection: SqliteConnection, beat: WorkerBeat): HeartbeatResult {
  if (beat.beat === 0) registerWorker(connection, beat);
  else if (!renewWorker(connection, beat)) return { outcome: 'expired' };
  const requested = connection.all<{ id: string }>(SELECT_REQUESTED, beat.worker);
  return { outcome: 'alive', requested: requested.map(({ id }) => id) };
}

/** Gives a lease up. */
export function releaseWorker(connection: SqliteConnection, worker: string): void {
  connection.run(RELEASE, worker);
}

/** The workers whose lease is valid. */
export function aliveWorkers(connection: SqliteConnection): readonly WorkerInfo[] {
  return connection.all<WorkerRow>(SELECT_ALIVE).map(({ id, process, expires_at: expiresAt }) => ({
    id,
    ...(process !== null && { process }),
    expiresAt: new Date(expiresAt),
  }));
}

function registerWorker(connection: SqliteConnection, { worker, process, duration }: WorkerBeat): void {
  connection.run(FORGET_EXPIRED);
  const processText = process === undefined ? null : storable('process', process);
  connection.run(REGISTER, storable('worker', worker), processText, duration);
}

function renewWorker(connection: SqliteConnection, { worker, duration }: WorkerBeat): boolean {
  return connection.run(RENEW, duration, worker) === 1;
}
