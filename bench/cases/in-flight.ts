import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BenchCase, Finding } from '../finding.js';
import type { InFlightReport } from '../in-flight/process.js';
import { median, quantile } from '../measure.js';

const SAGAS = 10_000;
const LIMIT_BYTES = 8_000;

/**
 * Sagas that wait in their last step: what each holds in memory, beyond what the idle application does. The times are those of a
 * hundred sagas, from their start until they wait.
 */
export const inFlight: readonly BenchCase[] = [caseOf('memory'), caseOf('sqlite'), caseOf('postgres')];

function caseOf(storage: 'memory' | 'sqlite' | 'postgres'): BenchCase {
  const name = `in-flight-${storage}`;
  return { name, run: async (rounds) => [await find(name, storage, rounds)] };
}

async function find(name: string, storage: string, rounds: number): Promise<Finding> {
  const ours: InFlightReport[] = [];
  const floor: InFlightReport[] = [];
  // Each report is that of a fresh process, so there is nothing to warm up.
  for (let n = 0; n < Math.min(rounds, 3); n++) {
    ours.push(await reportOf(storage));
    floor.push(await reportOf('plain-loop'));
  }
  const bytes = median(ours.map(bytesEach));
  const fillMs = ours.flatMap((report) => report.fillMs);
  const pairs = ours.map((report, n) => perSecond(report) / perSecond(floor[n]!));
  return {
    case: name,
    perSecond: median(ours.map(perSecond)),
    p50: median(fillMs),
    p99: quantile(fillMs, 0.99),
    floorPerSecond: median(floor.map(perSecond)),
    ratio: median(pairs),
    pairs,
    bound: { text: `at most ${LIMIT_BYTES} bytes of resident memory for each saga`, held: bytes <= LIMIT_BYTES },
    more: {
      resident_bytes_each: bytes,
      heap_bytes_each: median(ours.map(({ heapBytes }) => heapBytes / SAGAS)),
      floor_resident_bytes_each: median(floor.map(bytesEach)),
    },
  };
}

function bytesEach({ idleBytes, inFlightBytes }: InFlightReport): number {
  return (inFlightBytes - idleBytes) / SAGAS;
}

function perSecond({ fillMs, endMs }: InFlightReport): number {
  return (SAGAS * 1_000) / fillMs.reduce((sum, ms) => sum + ms, endMs);
}

/** A process of its own, started as this one was. */
async function reportOf(what: string): Promise<InFlightReport> {
  const script = fileURLToPath(new URL('../in-flight/process.ts', import.meta.url));
  const child = fork(script, [what, String(SAGAS)]);
  const [report] = (await once(child, 'message')) as [InFlightReport];
  await once(child, 'exit');
  return report;
}
