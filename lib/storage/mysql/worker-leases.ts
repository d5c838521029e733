import type { HeartbeatResult, WorkerBeat, WorkerInfo } from '../worker-beat.js';
import type { Sql } from '../sql/saga-tables.js';
import { isStorable, storable } from '../rows/storable.js';
import { listOf, boundStatement } from './bound-statement.js';
import { bytes } from './columns.js';
import { NOW, milliseconds } from './database-clock.js';
import type { MysqlConnection } from './mysql-connection.js';
import { storableDelay, storableInteger, storableName } from './storable-value.js';

/** Registering twice happens when the first answer was lost. */
const REGISTER: Sql = ({ workers }) => `
  INSERT INTO ${workers} (id, process, beat, expires_at) VALUES (?, ?, 0, ${NOW} + ?)
  ON DUPLICATE KEY UPDATE beat = 0, expires_at = ${NOW} + ?`;

const RENEW: Sql = ({ workers }) => `
  UPDATE ${workers} SET beat = ?, expires_at = ${NOW} + ? WHERE id = ? AND expires_at > ${NOW}`;

/**
 * Whether the beat before this statement was taken, and which of the worker's sagas an operator waits for. Not told by the number of
 * rows that it changed: clients count a row differently that was written with what it held.
 */
const SELECT_BEATEN: Sql = ({ workers, requests, heads }) => `
  SELECT request.saga_id AS requested FROM ${workers} worker
  LEFT JOIN (${requests} request JOIN ${heads} head ON head.id = request.saga_id) ON head.worker = worker.id
  WHERE worker.id = ? AND worker.beat = ? AND worker.expires_at > ${NOW}`;

const SELECT_EXPIRED: Sql = ({ workers }) => `SELECT id FROM ${workers} WHERE expires_at <= ${NOW} AND id <> ?`;

const RELEASE: Sql = ({ workers }) => `DELETE FROM ${workers} WHERE id = ?`;

const SELECT_ALIVE: Sql = ({ workers }) => `
  SELECT id, ${bytes('process')} AS process, ${milliseconds('expires_at')} AS expires_at
  FROM ${workers} WHERE expires_at > ${NOW} ORDER BY id`;

interface WorkerRow {
  readonly id: string;
  readonly process: string | null;
  readonly expires_at: number;
}

/** Registers a worker or renews its lease, and tells which of its sagas an operator waits for. */
export async function beatWorker(connection: MysqlConnection, beat: WorkerBeat): Promise<HeartbeatResult> {
  const worker = storableName('worker', beat.worker);
  const number = storableInteger('beat', beat.beat);
  const duration = storableDelay('duration of the lease', beat.duration);
  const process = beat.process === undefined ? null : storable('process', beat.process);
  if (number === 0) {
    await forgetExpired(connection, worker);
    await connection.all(REGISTER, worker, process, duration, duration);
  } else {
    await connection.all(RENEW, number, duration, worker);
  }
  const rows = await connection.all<{ requested: string | null }>(SELECT_BEATEN, worker, number);
  if (rows.length === 0) return { outcome: 'expired' };
  return { outcome: 'alive', requested: [...new Set(rows.flatMap(({ requested }) => requested ?? []))] };
}

/**
 * Workers that are gone are forgotten when a new one comes: who is not in the table is as dead as who has expired. They are named one
 * by one, so that nobody's lease is locked who is not meant.
 */
async function forgetExpired(connection: MysqlConnection, except: string): Promise<void> {
  const expired = await connection.all<{ id: string }>(SELECT_EXPIRED, except);
  if (expired.length === 0) return;
  const ids = expired.map(({ id }) => id);
  const { text, values } = boundStatement(
    (bind) => `DELETE FROM ${connection.tables.workers} WHERE id IN ${listOf(bind, ids)} AND expires_at <= ${NOW}`,
  );
  await connection.allOnce(text, ...values);
}

/** Gives a lease up. */
export async function releaseWorker(connection: MysqlConnection, worker: string): Promise<void> {
  if (isStorable(worker)) await connection.all(RELEASE, worker);
}

/** The workers whose lease is valid. */
export async function aliveWorkers(connection: MysqlConnection): Promise<readonly WorkerInfo[]> {
  const rows = await connection.all<WorkerRow>(SELECT_ALIVE);
  return rows.map(({ id, process, expires_at: expiresAt }) => ({
    id,
    ...(process !== null && { process }),
    expiresAt: new Date(expiresAt),
  }));
}
