import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SagaStorage } from 'nest-saga';
import { findingOf, type BenchCase } from '../finding.js';
import type { WorkerOrder } from '../interrupted/worker.js';
import { compare, type Round } from '../measure.js';
import type { BenchServer } from '../servers/bench-server.js';

const SAGAS = 10_000;
const WORKERS = 2;

/** Each round fills the tables and kills a process; three are enough. */
const MOST_ROUNDS = 3;

/**
 * A process is killed with sagas in their second step; two others find them, claim them and finish them. The time is that from the kill to the
 * end of the last one. In the floor's place stands the normal rate: the same two processes with as many new sagas.
 */
export function interrupted(server: BenchServer, { least }: { readonly least: number }): BenchCase {
  const name = `${server.name}-interrupted`;
  return {
    name,
    async run(rounds) {
      const database = await server.create();
      const storage = database.storage();
      await storage.open();
      const workers = await Promise.all(Array.from({ length: WORKERS }, () => startWorker(server, database.address)));
      const recovered: Round[] = [];
      const normal: Round[] = [];
      for (let n = 0; n < Math.min(rounds, MOST_ROUNDS); n++) {
        const first = 2 * n * SAGAS;
        normal.push(await runNormally(workers, first));
        const victim = await startWorker(server, database.address);
        recovered.push(await runInterrupted(storage, { workers, victim, first: first + SAGAS }));
      }
      for (const worker of workers) worker.kill('SIGKILL');
      await storage.close();
      await database.close();
      const comparison = compare(recovered, normal);
      const text = `at least ${least} of the rate at which the same two processes run new sagas`;
      return [{ ...findingOf(name, comparison), bound: { text, held: comparison.ratio >= least } }];
    },
  };
}

async function runNormally(workers: readonly ChildProcess[], first: number): Promise<Round> {
  const sagas = SAGAS / workers.length;
  const startedAt = performance.now();
  await Promise.all(workers.map((worker, n) => tell(worker, { type: 'run', first: first + n * sagas, sagas })));
  return roundSince(startedAt);
}

async function runInterrupted(
  storage: SagaStorage,
  crowd: { readonly workers: readonly ChildProcess[]; readonly victim: ChildProcess; readonly first: number },
): Promise<Round> {
  const { workers, victim, first } = crowd;
  await tell(victim, { type: 'interrupt', first, sagas: SAGAS });
  const before = await shippedBy(workers);
  const startedAt = performance.now();
  victim.kill('SIGKILL');
  // The workers are asked how far they are: listing unfinished sagas all the time would cost the server more than the sagas do.
  while ((await shippedBy(workers)) < before + SAGAS) await delay(20);
  while ((await storage.find({ status: ['RUNNING', 'PENDING'], limit: 1 })).items.length > 0) await delay(1);
  return roundSince(startedAt);
}

async function shippedBy(workers: readonly ChildProcess[]): Promise<number> {
  const counts = await Promise.all(workers.map((worker) => tell(worker, { type: 'count' })));
  return counts.reduce((sum, count) => sum + count, 0);
}

function roundSince(startedAt: number): Round {
  const ms = performance.now() - startedAt;
  return { perSecond: (SAGAS * 1_000) / ms, latencies: [ms / SAGAS] };
}

async function startWorker(server: BenchServer, address: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('../interrupted/worker.ts', import.meta.url));
  const worker = fork(script, [server.name, address]);
  await once(worker, 'message');
  return worker;
}

/** Gives how many sagas have come to their last step in that worker. */
async function tell(worker: ChildProcess, order: WorkerOrder): Promise<number> {
  worker.send(order);
  const [shipped] = (await once(worker, 'message')) as readonly number[];
  return shipped ?? 0;
}
