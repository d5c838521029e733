import { randomUUID } from 'node:crypto';
import Database from 'libsql';
import { InMemorySagaStorage, type NewSaga, type SagaStorage } from 'nest-saga';
import { SqliteSagaStorage } from 'nest-saga/sqlite';
import { findingOf, type BenchCase, type Finding } from '../finding.js';
import { alternate, timedEach, type Contestant } from '../measure.js';
import { newOrder, orderId } from '../order-saga.js';
import { postgres } from '../servers/postgres.js';
import { temporaryFile } from '../temporary-file.js';

const FEW = 1_000;
const MORE = { memory: [10_000, 100_000], sqlite: [10_000, 100_000], postgres: [1_000_000] } as const;
const ABANDONED = 200;
const CLAIMS = 20;

/** What timing on a shared machine may differ by when nothing has grown. */
const LEAST_RATIO = 0.7;

/** A worker looks for sagas whose worker is gone, and takes them: among many finished ones against among few. */
export const recoverable: readonly BenchCase[] = [caseOf('memory'), caseOf('sqlite'), caseOf('postgres')];

type Kind = keyof typeof MORE;

function caseOf(kind: Kind): BenchCase {
  const name = `recoverable-${kind}`;
  return {
    name,
    async run(rounds) {
      const findings: Finding[] = [];
      for (const finished of MORE[kind]) findings.push(await find(`${name}-${finished}`, { kind, finished, rounds }));
      return findings;
    },
  };
}

interface Setting {
  readonly kind: Kind;
  readonly finished: number;
  readonly rounds: number;
}

async function find(name: string, { kind, finished, rounds }: Setting): Promise<Finding> {
  const comparison = await alternate({
    rounds,
    warmUp: 2,
    ours: () => looking(kind, finished),
    floor: () => looking(kind, FEW),
  });
  const text = `finding them among ${finished} finished sagas costs what it costs among ${FEW}`;
  return { ...findingOf(name, comparison), bound: { text, held: comparison.ratio >= LEAST_RATIO } };
}

/** Each round leaves sagas behind, times how they are found and taken, ten at a time, and ends them. */
async function looking(kind: Kind, finished: number): Promise<Contestant> {
  const { storage, finish = finishOneByOne(storage), dispose } = await open(kind);
  await storage.open();
  await storage.heartbeat({ worker: 'alive', beat: 0, duration: 3_600_000 });
  await finish(finished);
  return {
    async round() {
      await createAll(storage, ABANDONED, { status: 'RUNNING', worker: 'gone' });
      const claimed: string[] = [];
      const round = await timedEach({ sagas: CLAIMS, atOnce: 1 }, async () => {
        const loaded = await storage.claim({ worker: 'alive', limit: ABANDONED / CLAIMS, definitions: [DEFINITION] });
        claimed.push(...loaded.map(({ record }) => record.id));
      });
      if (claimed.length !== ABANDONED) throw new Error(`found ${claimed.length} sagas, not ${ABANDONED}`);
      await Promise.all(claimed.map((id) => end(storage, id)));
      return { ...round, perSecond: (round.perSecond * ABANDONED) / CLAIMS };
    },
    async close() {
      await storage.close();
      await dispose();
    },
  };
}

const DEFINITION = { name: 'order', planHash: '0123456789abcdef' };

/** Ids ascend, as those do that the library makes. */
let sagasMade = 0;

/** Stored in portions, so that no queue grows with their number. */
function finishOneByOne(storage: SagaStorage): (count: number) => Promise<void> {
  const PORTION = 1_000;
  return async (count) => {
    for (let done = 0; done < count; done += PORTION) await createAll(storage, PORTION, { status: 'COMPLETED' });
  };
}

async function createAll(storage: SagaStorage, count: number, saga: Pick<NewSaga, 'status' | 'worker'>): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, n) =>
      storage.create({
        ...DEFINITION,
        ...saga,
        id: orderId(sagasMade++),
        definitionVersion: 1,
        plan: [],
        context: { ...newOrder(n) },
        entries: [{ event: 'created' }],
        writeId: randomUUID(),
      }),
    ),
  );
}

async function end(storage: SagaStorage, id: string): Promise<void> {
  await storage.transition({
    id,
    version: 3,
    seq: 3,
    entries: [{ event: 'completed' }],
    head: { status: 'COMPLETED', worker: null },
    worker: 'alive',
    writeId: randomUUID(),
    knownRequests: [],
  });
}

interface Opened {
  readonly storage: SagaStorage;
  /** Leaves so many finished sagas there; default: by the storage itself. */
  readonly finish?: (count: number) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

async function open(kind: Kind): Promise<Opened> {
  switch (kind) {
    case 'memory':
      return { storage: new InMemorySagaStorage(), dispose: async () => undefined };
    case 'sqlite': {
      const file = await temporaryFile();
      const client = new Database(file.path);
      return {
        storage: new SqliteSagaStorage({ client }),
        async dispose() {
          client.close();
          await file.remove();
        },
      };
    }
    case 'postgres': {
      const database = await postgres.create();
      return {
        storage: database.storage(),
        finish: (count) => database.finish(count),
        dispose: () => database.close(),
      };
    }
  }
}
