import Database from 'libsql';
import { InMemorySagaStorage, Saga, SagaDefinition, SagaStep, type SagaStepHandler, type SagaStorage } from 'nest-saga';
import type { StepExecution } from 'nest-saga';
import { SqliteSagaStorage } from 'nest-saga/sqlite';
import { startApplication } from '../application.js';
import { findingOf, inWords, type BenchCase, type Finding } from '../finding.js';
import { alternate, timedEach, type Contestant } from '../measure.js';
import { newOrder, type Order } from '../order-saga.js';
import { temporaryFile } from '../temporary-file.js';

const LONG_LOG = 1_000;
const SHORT_LOG = 10;
const SAGAS_A_ROUND = 20;
const LEAST_RATIO = 1 / 5;

/** Sagas whose worker is gone, taken up by another one and finished: those with a long log against those with a short one. */
export const resume: readonly BenchCase[] = [caseOf('memory'), caseOf('sqlite')];

function caseOf(storage: 'memory' | 'sqlite'): BenchCase {
  const name = `resume-${storage}`;
  return { name, run: async (rounds) => [await find(name, storage, rounds)] };
}

async function find(name: string, storage: 'memory' | 'sqlite', rounds: number): Promise<Finding> {
  const comparison = await alternate({
    rounds,
    warmUp: 2,
    ours: async () => resuming(storage, LONG_LOG),
    floor: async () => resuming(storage, SHORT_LOG),
  });
  const text = `resuming one with ${LONG_LOG} log entries costs at most 5 times one with ${SHORT_LOG}`;
  const bound = { text, held: comparison.ratio >= LEAST_RATIO };
  return { ...findingOf(name, comparison), bound, more: { times_the_cost: Number((1 / comparison.ratio).toFixed(2)) } };
}

/** Makes its context durable again and again, and is never done in the process where it began. */
@SagaStep({ name: 'scan' })
class Scan implements SagaStepHandler<Order & { readonly saves: number }> {
  async act(order: Order & { readonly saves: number }, execution: StepExecution): Promise<void> {
    if (execution.attempt > 1) return;
    for (let n = 0; n < order.saves; n++) {
      order.reservationId = `shelf-${n}`;
      await execution.save();
    }
    await new Promise((_, reject) => execution.signal.addEventListener('abort', reject));
  }

  async compensate(): Promise<void> {}
}

@Saga({ name: 'scan', steps: [Scan] })
class ScanSaga extends SagaDefinition<Order & { readonly saves: number }> {}

function resuming(kind: 'memory' | 'sqlite', entries: number): Contestant {
  return {
    async round() {
      const { storage, dispose } = await open(kind);
      const ids = Array.from({ length: SAGAS_A_ROUND }, (_, n) => `${inWords(entries)}-${n}`);
      await abandon(storage(), ids, entries);
      const { runner, close } = await startApplication({ storage: storage(), recovery: { enabled: false } }, PROVIDERS);
      const round = await timedEach({ sagas: ids.length, atOnce: 1 }, (n) => runner.recover(ids[n]!));
      await close();
      await dispose();
      return round;
    },
  };
}

const PROVIDERS = [ScanSaga, Scan];

/** Another application leaves these sagas behind, each with so many entries: created, started, and saved for the rest. */
async function abandon(storage: SagaStorage, ids: readonly string[], entries: number): Promise<void> {
  const { runner, close } = await startApplication({ storage, shutdown: { gracePeriod: 1 } }, PROVIDERS);
  const saves = entries - 2;
  for (const [n, id] of ids.entries()) await runner.start(ScanSaga, { ...newOrder(n), saves }, { id });
  await Promise.all(ids.map((id) => logged(storage, id, entries)));
  await close();
}

async function logged(storage: SagaStorage, id: string, entries: number): Promise<void> {
  while ((await storage.history(id, { after: entries - 1 })).length === 0) await new Promise(setImmediate);
}

interface Opened {
  /** The same sagas, for one application after the other. */
  readonly storage: () => SagaStorage;
  readonly dispose: () => Promise<void>;
}

async function open(kind: 'memory' | 'sqlite'): Promise<Opened> {
  if (kind === 'memory') {
    const storage = new InMemorySagaStorage();
    return { storage: () => storage, dispose: async () => undefined };
  }
  const file = await temporaryFile();
  const client = new Database(file.path);
  return {
    storage: () => new SqliteSagaStorage({ client }),
    async dispose() {
      client.close();
      await file.remove();
    },
  };
}
