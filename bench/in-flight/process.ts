/** Puts sagas in flight in a process of its own, and tells its parent how much memory they took: `process.ts <what> <sagas>`. */
import { setTimeout as delay } from 'node:timers/promises';
import { collectGarbage } from '../measure.js';
import { crowdOf, type Crowd } from './crowds.js';

/** What the process tells. Bytes are of resident memory, after garbage collection. */
export interface InFlightReport {
  readonly idleBytes: number;
  readonly inFlightBytes: number;
  readonly heapBytes: number;
  /** Milliseconds that each hundred took until they waited. */
  readonly fillMs: readonly number[];
  /** Milliseconds that all of them took from there to their end. */
  readonly endMs: number;
}

interface Filled {
  readonly all: readonly Promise<unknown>[];
  readonly fillMs: readonly number[];
}

const AT_ONCE = 100;

const [what = '', sagas = '10000'] = process.argv.slice(2);
const crowd = await crowdOf(what);
process.send?.(await measure(crowd, Number(sagas)));
process.disconnect();

async function measure(crowd: Crowd, sagas: number): Promise<InFlightReport> {
  await warmUp(crowd);
  const idle = await settledMemory();
  const { all, fillMs } = await fill(crowd, sagas);
  const inFlight = await settledMemory();
  const releasedAt = performance.now();
  crowd.release();
  await Promise.all(all);
  const endMs = performance.now() - releasedAt;
  await crowd.close();
  return {
    idleBytes: idle.rss,
    inFlightBytes: inFlight.rss,
    heapBytes: inFlight.heapUsed - idle.heapUsed,
    fillMs,
    endMs,
  };
}

/** An application that has run some sagas and is idle again: its code is compiled, and its connection has its caches. */
async function warmUp(crowd: Crowd): Promise<void> {
  const { all } = await fill(crowd, 1_000);
  crowd.release();
  await Promise.all(all);
}

/** Starts sagas some at a time, as requests come in, until so many wait. */
async function fill(crowd: Crowd, sagas: number): Promise<Filled> {
  const all: Promise<unknown>[] = [];
  const fillMs: number[] = [];
  while (all.length < sagas) {
    const startedAt = performance.now();
    for (let n = 0; n < AT_ONCE; n++) all.push(crowd.run());
    await crowd.waiting(all.length);
    fillMs.push(performance.now() - startedAt);
  }
  return { all, fillMs };
}

/** Collected several times: pages go back to the system a little later than garbage is found. */
async function settledMemory(): Promise<NodeJS.MemoryUsage> {
  for (let n = 0; n < 4; n++) {
    collectGarbage();
    await delay(500);
  }
  return process.memoryUsage();
}
