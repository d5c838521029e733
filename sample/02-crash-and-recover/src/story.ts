import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import Database from 'libsql';
import type { LogEntry } from 'nest-saga';
import { SqliteSagaStorage } from 'nest-saga/sqlite';
import type { Order } from './order-saga.js';
import { Outside, type Request } from './outside.js';

export interface Story {
  readonly title: string;
  readonly order: Order;
  /** The idempotency key of the request during which the first worker is killed. */
  readonly killedIn: string;
}

export interface Played {
  readonly killedAt: Date;
  /** The saga's log: what each worker did, in order. */
  readonly log: readonly LogEntry[];
  /** What the world outside was asked for, and how often. */
  readonly requests: readonly Request[];
}

/** Starts a worker with an order, kills it in the middle, starts another, and tells what came of it. */
export async function playStory({ order, killedIn }: Story, directory: string): Promise<Played> {
  const first = startWorker({ directory, order, stuckIn: killedIn });
  await once(first, 'message', { signal: endOf(first) });
  first.kill('SIGKILL');
  const killedAt = new Date();

  const second = startWorker({ directory, order });
  const [exitCode] = (await once(second, 'exit')) as [number | null];
  if (exitCode !== 0) throw new Error(`The second worker ended with ${exitCode}.`);

  const storage = new SqliteSagaStorage({ client: new Database(path.join(directory, 'sagas.db')) });
  await storage.open();
  const log = await storage.history(order.orderId);
  await storage.close();
  return { killedAt, log, requests: new Outside(directory).requests(order.orderId) };
}

/** What a worker is told when it starts. */
export interface WorkerOptions {
  readonly directory: string;
  readonly order: Order;
  /** The request that this worker never gets an answer to. */
  readonly stuckIn?: string;
}

/** Fires when a process has ended, so that nobody waits for what it cannot say any more. */
function endOf(child: ChildProcess): AbortSignal {
  const ended = new AbortController();
  child.once('exit', () => ended.abort(new Error('The worker ended too early.')));
  return ended.signal;
}

function startWorker(options: WorkerOptions): ChildProcess {
  // worker.ts from source, worker.js when compiled.
  const worker = path.join(import.meta.dirname, `worker${path.extname(import.meta.filename)}`);
  return fork(worker, [JSON.stringify(options)]);
}
