import { describe, expect, it } from '@jest/globals';
import type { HeldCode } from 'nest-saga';
import type { ApplicationRow } from '../harness/application-table.js';
import type { DatabaseKind } from '../harness/process-databases.js';
import type { StorageName } from '../harness/process-storage.js';
import type { CrashPoint } from './crash-points.js';
import { CrashRun } from './crash-run.js';
import { expectedPoints, type ListedScenario } from './expected-points.js';
import { brokenPromises } from './ledger-rules.js';
import { compensationOf } from './scenarios.js';

interface Scenario {
  readonly name: ListedScenario;
  readonly end: string;
  readonly compensatable: readonly string[];
  /** The places at which its process is killed; until it comes there it does as in another scenario. */
  readonly at?: RegExp;
  /** As what it is parked by those who finish it. */
  readonly held?: HeldCode;
  /** How it ends where an operator's request is never stored. */
  readonly unasked?: string;
  /** Those that are transactional. */
  readonly local?: readonly string[];
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'forward', end: 'COMPLETED', compensatable: ['A', 'B', 'C'] },
  { name: 'back', end: 'FAILED', compensatable: ['A', 'B', 'C'] },
  {
    name: 'stuck',
    end: 'COMPENSATION_FAILED',
    compensatable: ['A', 'B', 'C'],
    at: /compensat/,
    held: 'attempts-exhausted',
  },
  {
    name: 'cancelled',
    end: 'FAILED',
    compensatable: ['A', 'B', 'C'],
    at: /request|B act completed|compensate/,
    unasked: 'COMPLETED',
  },
  { name: 'pivot', end: 'COMPLETED', compensatable: ['A'] },
];

/** About the lease, whose renewals take their time: on the storage that takes the least. */
const LEASED: Scenario = {
  name: 'leased',
  end: 'COMPLETED',
  compensatable: ['A', 'B'],
  at: /register|renew|release|act of/,
};

/** On storages that share their transactions. */
const LOCAL_SCENARIOS: readonly Scenario[] = [
  { name: 'local forward', end: 'COMPLETED', compensatable: ['A'], local: ['A'] },
  { name: 'local back', end: 'FAILED', compensatable: ['A'], local: ['A', 'B'] },
];

/** At how many places a second process is killed, behind each first one. All of them: CRASH_PAIRS=all. */
const SECONDS = process.env['CRASH_PAIRS'] === 'all' ? Infinity : 1;

/** Behind which first places there is a second crash: behind every `every`th one, beginning with the one at `from`. */
interface Share {
  readonly every: number;
  readonly from: number;
}

/** By default SQLite, which takes the least time, has all; a third is left to each of the others, and all of them to the three together. */
const SHARES: Readonly<Record<StorageName, Share>> = {
  sqlite: { every: 1, from: 0 },
  postgres: { every: 3, from: 0 },
  mysql: { every: 3, from: 1 },
  redis: { every: 3, from: 2 },
};
const AT_ONCE = 3;
/**
 * What is stuck is not recovered for ever: the last process parks it after its second round without progress. A lease is renewed when a
 * third of it is over, so after one second.
 */
const QUICK = { recovery: { interval: 20, maxAttempts: 2 }, lease: { duration: 3_000 } };

/**
 * Kills a process at every write and every effect of a saga, then the one that recovers it, and lets a last one finish. Each
 * place of a first crash has a saga of its own, named for it; all of them lie in one database, so that one process can finish all.
 */
export function describeEveryCrash(kind: DatabaseKind): void {
  const scenarios = [
    ...SCENARIOS,
    ...(kind.sharesTransactions ? LOCAL_SCENARIOS : []),
    ...(kind.name === 'sqlite' ? [LEASED] : []),
  ];
  describe.each(scenarios)('a process that is killed in the scenario "$name"', (scenario) => {
    it('at any write or effect, once or twice, leaves a saga that others finish with all promises kept', async () => {
      const began = performance.now();
      const points = (await pointsOf(kind, scenario)).filter((name) => scenario.at?.test(name) ?? true);
      const crashed = await CrashRun.create(kind, scenario.name, QUICK);
      await inParallel(points, (first) => killAt(crashed, { does: 'run', sagaId: first, at: first }));
      await expectTogether(crashed, scenario, points);

      const seconds = await finish(await crashed.fork(), scenario, new Map(points.map((first) => [first, [first]])));
      const pairs = pairsOf(points, seconds, SECONDS === Infinity ? { every: 1, from: 0 } : SHARES[kind.name]);
      for (const round of pairs) {
        const again = await crashed.fork();
        await inParallel([...round], ([first, at]) => killAt(again, { does: 'recover', sagaId: first, at }));
        await expectTogether(again, scenario, [...round.keys()]);
        await finish(again, scenario, new Map([...round].map(([first, second]) => [first, [first, second]])));
      }
      await crashed.dispose();
      report(`${kind.title}, ${scenario.name}`, points, pairs, performance.now() - began);
    }, 1_800_000);
  });
}

/** The crash points of an undisturbed run: those that are known, so that none is ever lost without a word. */
async function pointsOf(kind: DatabaseKind, { name, end }: Scenario): Promise<readonly string[]> {
  const run = await CrashRun.create(kind, name, QUICK);
  const { code, errors, reached } = await run.run({ does: 'run', sagas: ['undisturbed'] });
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  const [stored] = await run.stored(['undisturbed']);
  expect(stored?.saga?.record.status).toBe(end);
  await run.dispose();
  const points = namesOf(reached, ({ sagaId }) => sagaId !== undefined || name === 'leased');
  expect(points).toEqual(expectedPoints(name));
  return points;
}

async function killAt(
  run: CrashRun,
  { does, sagaId, at }: { readonly does: 'run' | 'recover'; readonly sagaId: string; readonly at: string },
): Promise<void> {
  const { signal, errors } = await run.run({ does, sagas: [sagaId], crashAt: { sagaId, name: at } });
  // One that ended by itself has never reached the place.
  expect({ sagaId, at, signal, errors }).toEqual({ sagaId, at, signal: 'SIGKILL', errors: '' });
}

/** Lets another process finish the sagas, looks at what is left, and tells the points that it passed with each. */
async function finish(
  run: CrashRun,
  scenario: Scenario,
  crashes: ReadonlyMap<string, readonly string[]>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { name, compensatable, held } = scenario;
  const policy = compensationOf(name);
  const sagas = [...crashes.keys()];
  const { code, errors, reached } = await run.run({ does: 'finish', sagas });
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  await expectTogether(run, scenario, sagas);
  const stored = await run.stored(sagas);
  for (const [i, { saga, history }] of stored.entries()) {
    const sagaId = sagas[i]!;
    // Killed before anything was durable: then nothing may have been done either.
    const status = saga?.record.status ?? 'never stored';
    const broken = brokenPromises({ status, history, effects: run.effects(sagaId), compensatable, policy });
    const end = endOf(run, scenario, sagaId);
    const expected = history.length === 0 ? { status: 'never stored', held: undefined } : { status: end, held };
    const killed = crashes.get(sagaId);
    const found = { killed, status, held: saga?.record.heldReason?.code, broken };
    expect(found).toEqual({ killed, ...expected, broken: [] });
  }
  await run.dispose();
  return new Map(sagas.map((sagaId) => [sagaId, secondPlaces(reached, sagaId, scenario)]));
}

/**
 * Where the recovering process may be killed: at what a process reaches that takes this saga up once (who finishes does so with each round of
 * compensation), and in the scenario that is about the lease at what it writes of that, if anybody had to run the saga.
 */
function secondPlaces(reached: readonly CrashPoint[], sagaId: string, { name }: Scenario): readonly string[] {
  const own = namesOf(reached, (point) => point.sagaId === sagaId);
  if (name === 'leased') return own.length === 0 ? [] : namesOf(reached, (point) => point.sagaId === undefined);
  const again = own.indexOf('before claim (2)');
  return again < 0 ? own : own.slice(0, again);
}

function namesOf(points: readonly CrashPoint[], isWanted: (point: CrashPoint) => boolean): readonly string[] {
  return points.filter(isWanted).map(({ name }) => name);
}

/** A request that was stored is never lost. */
function endOf(run: CrashRun, { end, unasked }: Scenario, sagaId: string): string {
  return unasked === undefined || run.hasPassed({ sagaId, name: 'after request' }) ? end : unasked;
}

/** What a transactional step has written is there if and only if its completion is, and once, however often it ran: now, whoever has just died. */
async function expectTogether(run: CrashRun, { local }: Scenario, sagas: readonly string[]): Promise<void> {
  if (local === undefined) return;
  const rows = await run.applicationRows();
  for (const [i, { history }] of (await run.stored(sagas)).entries()) {
    const sagaId = sagas[i]!;
    const completed = history.flatMap((entry) =>
      entry.event === 'completed' && entry.step !== undefined && local.includes(entry.step)
        ? [{ sagaId, step: entry.step, phase: entry.phase, attempt: entry.attempt }]
        : [],
    );
    const written = rows.filter((row) => row.sagaId === sagaId);
    expect({ sagaId, rows: sorted(written) }).toEqual({ sagaId, rows: sorted(completed) });
    expect(new Set(written.map(({ step, phase }) => `${phase} of ${step}`)).size).toBe(written.length);
  }
}

function sorted(rows: readonly ApplicationRow[]): readonly ApplicationRow[] {
  return rows.toSorted((a, b) => `${a.phase} ${a.step}`.localeCompare(`${b.phase} ${b.step}`));
}

/** Rounds of second crashes, at most one behind each first one; by default a few, others behind each, so that all have their turn. */
function pairsOf(
  firsts: readonly string[],
  seconds: ReadonlyMap<string, readonly string[]>,
  { every, from }: Share,
): readonly ReadonlyMap<string, string>[] {
  const longest = Math.max(...[...seconds.values()].map(({ length }) => length));
  const rounds: Map<string, string>[] = [];
  for (let round = 0; round < Math.min(longest, SECONDS); round++) {
    const pairs = new Map<string, string>();
    for (const [i, first] of firsts.entries()) {
      const places = seconds.get(first) ?? [];
      if (i % every === from && round < places.length) pairs.set(first, places[(i + round) % places.length]!);
    }
    rounds.push(pairs);
  }
  return rounds;
}

function report(
  title: string,
  firsts: readonly string[],
  rounds: readonly ReadonlyMap<string, string>[],
  took: number,
): void {
  const lines = firsts.map((first) => {
    const seconds = rounds.flatMap((round) => round.get(first) ?? []);
    return `  ${first}${seconds.length > 0 ? `; then ${seconds.join(', or ')}` : ''}`;
  });
  console.log(`Crash points, ${title}, in ${(took / 1000).toFixed(1)} s:\n${lines.join('\n')}`);
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
