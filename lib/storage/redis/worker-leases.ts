import type { HeartbeatResult, WorkerBeat, WorkerInfo } from '../worker-beat.js';
import { storable } from '../rows/storable.js';
import type { RedisCommand } from './redis-client.js';
import { resultOf, type RedisConnection } from './redis-connection.js';
import { ALIVE_WORKERS, REGISTER_WORKER, RELEASE_WORKER, RENEW_LEASE } from './scripts/worker-leases.js';

type WorkerAnswer = readonly [id: string, expiresAt: string, process: string | null];

/** Registers a worker or renews its lease, and tells which of its sagas an operator waits for. */
export async function beatWorker(connection: RedisConnection, beat: WorkerBeat): Promise<HeartbeatResult> {
  const requested = await (beat.beat === 0 ? registerWorker(connection, beat) : renewLease(connection, beat));
  if (requested === null) return { outcome: 'expired' };
  return { outcome: 'alive', requested: await ownedBy(connection, beat.worker, requested) };
}

/** Gives a lease up. */
export async function releaseWorker(connection: RedisConnection, worker: string): Promise<void> {
  const { workers, processes } = connection.keys;
  await connection.run({ script: RELEASE_WORKER, keys: [workers, processes], args: [worker] });
}

/** The workers whose lease is valid. */
export async function aliveWorkers(connection: RedisConnection): Promise<readonly WorkerInfo[]> {
  const { workers, processes } = connection.keys;
  const alive = await connection.run({ script: ALIVE_WORKERS, keys: [workers, processes], args: [] });
  return (alive as readonly WorkerAnswer[]).map(([id, expiresAt, process]) => ({
    id,
    ...(process !== null && { process }),
    expiresAt: new Date(Number(expiresAt)),
  }));
}

async function registerWorker(connection: RedisConnection, beat: WorkerBeat): Promise<readonly string[]> {
  const { workers, processes, requested } = connection.keys;
  const { worker, duration, process } = beat;
  const ids = await connection.run({
    script: REGISTER_WORKER,
    keys: [workers, processes, requested],
    args: [storable('worker', worker), duration, ...(process === undefined ? [] : [storable('process', process)])],
  });
  return ids as readonly string[];
}

async function renewLease(connection: RedisConnection, beat: WorkerBeat): Promise<readonly string[] | null> {
  const { workers, requested } = connection.keys;
  const { worker, duration } = beat;
  const ids = await connection.run({ script: RENEW_LEASE, keys: [workers, requested], args: [worker, duration] });
  return ids as readonly string[] | null;
}

/** Requests are few, and answered soon: it is cheaper to look at their heads than to keep them by worker. */
async function ownedBy(
  connection: RedisConnection,
  worker: string,
  ids: readonly string[],
): Promise<readonly string[]> {
  const answers = await connection.sendAll(
    ids.map((id): RedisCommand => ['hget', connection.keys.saga(id).head, 'worker']),
  );
  return ids.filter((_, i) => resultOf(answers[i]) === worker);
}
