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
  /**
   * Each saga is killed in a process of its own, because what stands still in one would hold up the others, or is the process's own. Elsewhere one
   * process is killed with all of them, each of which stands at its place.
   */
  readonly apart?: true;
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

/** About the lease, whose renewals take their time. */
const LEASED: Scenario = {
  name: 'leased',
  end: 'COMPLETED',
  compensatable: ['A', 'B'],
  at: /register|renew|release|act of/,
  apart: true,
};

/** On storages that share their transactions, in which sagas that stand hold connections and locks. */
const LOCAL_SCENARIOS: readonly Scenario[] = [
  { name: 'local forward', end: 'COMPLETED', compensatable: ['A'], local: ['A'], apart: true },
  { name: 'local back', end: 'FAILED', compensatable: ['A'], local: ['A', 'B'], apart: true },
];

/** Where each saga takes processes of its own: behind how many of the first places there is a second crash, at one place each. */
interface Share {
  /** Behind every `every`th one, beginning with the one at `from`. */
  readonly every: number;
  readonly from: number;
}

/** All that there are: CRASH_PAIRS=all. */
const ALL_PAIRS = process.env['CRASH_PAIRS'] === 'all';

/** The storages share the work, so that each first place has its turn. */
const SHARES: Readonly<Record<StorageName, Share>> = {
  sqlite: { every: 1, from: 0 },
  postgres: { every: 2, from: 0 },
  mysql: { every: 2, from: 1 },
  redis: { every: 2, from: 0 },
};

/** So many processes at once, which wait for their servers or for their time. */
const AT_ONCE = 4;

/**
 * What is stuck is not recovered for ever: the last process parks it after its second round without progress. The lease outlasts every process, however
 * many sagas it has to begin at once: others see that it is gone by looking for it.
 */
const QUICK = { recovery: { interval: 20, maxAttempts: 2 }, lease: { duration: 60_000 } };

/** A lease is renewed when a third of it is over, so after one second. */
const SHORT_LEASE = { ...QUICK, lease: { duration: 3_000 } };

/** A saga, and the places at which it is interrupted: the first by the kill of who runs it, the second by that of who recovers it. */
interface Story {
  readonly sagaId: string;
  readonly at: readonly string[];
}

/**
 * Kills a process at every write and every effect of a saga, and the one that recovers it at every place behind that; then lets a last one
 * finish. Each has a saga of its own, named for its places.
 */
export function describeEveryCrash(kind: DatabaseKind): void {
  const scenarios = [...SCENARIOS, LEASED, ...(kind.sharesTransactions ? LOCAL_SCENARIOS : [])];
  describe.each(scenarios)('a process that is killed in the scenario "$name"', (scenario) => {
    it('at any write or effect, once or twice, leaves a saga that others finish with all promises kept', async () => {
      const began = performance.now();
      const firsts = (await pointsOf(kind, scenario)).filter((name) => scenario.at?.test(name) ?? true);
      const once = firsts.map((first): Story => ({ sagaId: first, at: [first] }));
      const seconds = await tell(kind, scenario, once);
      const twice = pairsOf(firsts, seconds, scenario.apart && !ALL_PAIRS ? SHARES[kind.name] : undefined);
      // Else second crashes could get lost without a word.
      expect(twice).not.toEqual([]);
      await tell(kind, scenario, twice);
      report(`${kind.title}, ${scenario.name}`, [...once, ...twice], performance.now() - began);
    }, 1_800_000);
  });
}

function optionsOf(scenario: ListedScenario): typeof QUICK {
  return scenario === 'leased' ? SHORT_LEASE : QUICK;
}

/** The crash points of an undisturbed run: those that are known, so that none is ever lost without a word. */
async function pointsOf(kind: DatabaseKind, { name, end }: Scenario): Promise<readonly string[]> {
  const run = await CrashRun.create(kind, name, optionsOf(name));
  const { code, errors, reached } = await run.run({ does: 'run', sagas: ['undisturbed'] });
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  const [stored] = await run.stored(['undisturbed']);
  expect(stored?.saga?.record.status).toBe(end);
  await run.dispose();
  const points = namesOf(reached.filter(({ sagaId }) => sagaId !== undefined || name === 'leased'));
  expect(points).toEqual(expectedPoints(name));
  return points;
}

/** Lets stories happen, sees that their sagas end with all promises kept, and tells the points that the last process passed with each. */
async function tell(
  kind: DatabaseKind,
  scenario: Scenario,
  stories: readonly Story[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const run = await CrashRun.create(kind, scenario.name, optionsOf(scenario.name));
  const sagas = stories.map(({ sagaId }) => sagaId);
  for (const [turn, does] of (['run', 'recover'] as const).entries()) {
    const places = stories.flatMap(({ sagaId, at }) => at.slice(turn, turn + 1).map((name) => ({ sagaId, name })));
    await inParallel(scenario.apart ? places.map((place) => [place]) : [places], (crashAt) => kill(run, does, crashAt));
    await expectTogether(run, scenario, sagas);
  }
  const seconds = await finish(run, scenario, stories);
  await run.dispose();
  return seconds;
}

async function kill(run: CrashRun, does: 'run' | 'recover', crashAt: readonly CrashPoint[]): Promise<void> {
  if (crashAt.length === 0) return;
  const sagas = crashAt.map(({ sagaId }) => sagaId!);
  const { signal, errors } = await run.run({ does, sagas, crashAt });
  // One that ended by itself has never reached the place.
  expect({ crashAt, signal, errors }).toEqual({ crashAt, signal: 'SIGKILL', errors: '' });
}

/** Lets another process finish the sagas, looks at what is left, and tells the points that it passed with each. */
async function finish(
  run: CrashRun,
  scenario: Scenario,
  stories: readonly Story[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { name, compensatable, held, end, unasked = end } = scenario;
  const policy = compensationOf(name);
  const sagas = stories.map(({ sagaId }) => sagaId);
  const { code, errors, reached } = await run.run({ does: 'finish', sagas });
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  await expectTogether(run, scenario, sagas);
  const stored = await run.stored(sagas);
  const effects = bySaga(run.effects());
  const passed = bySaga(run.passed());
  for (const [i, { saga, history }] of stored.entries()) {
    const { sagaId, at: killed } = stories[i]!;
    // Killed before anything was durable: then nothing may have been done either.
    const status = saga?.record.status ?? 'never stored';
    const broken = brokenPromises({ status, history, effects: effects.get(sagaId) ?? [], compensatable, policy });
    // A request that was stored is never lost.
    const isAsked = passed.get(sagaId)?.some((point) => point.name === 'after request');
    const rests = { status: isAsked ? end : unasked, held };
    const expected = history.length === 0 ? { status: 'never stored', held: undefined } : rests;
    const found = { killed, status, held: saga?.record.heldReason?.code, broken };
    expect(found).toEqual({ killed, ...expected, broken: [] });
  }
  const points = bySaga(reached);
  return new Map(sagas.map((sagaId) => [sagaId, secondPlaces(points, sagaId, scenario)]));
}

/**
 * Where the recovering process may be killed: at what a process reaches that takes this saga up once (who finishes does so with each round of
 * compensation), and in the scenario that is about the lease at what it writes of that, if anybody had to run the saga.
 */
function secondPlaces(
  points: ReadonlyMap<string | undefined, readonly CrashPoint[]>,
  sagaId: string,
  { name }: Scenario,
): readonly string[] {
  const own = namesOf(points.get(sagaId));
  if (name === 'leased') return own.length === 0 ? [] : namesOf(points.get(undefined));
  const again = own.indexOf('before claim (2)');
  return again < 0 ? own : own.slice(0, again);
}

function namesOf(points: readonly CrashPoint[] = []): readonly string[] {
  return points.map(({ name }) => name);
}

function bySaga<T extends { readonly sagaId?: string | undefined }>(
  items: readonly T[],
): ReadonlyMap<string | undefined, readonly T[]> {
  const groups = new Map<string | undefined, T[]>();
  for (const item of items) {
    const group = groups.get(item.sagaId);
    if (group === undefined) groups.set(item.sagaId, [item]);
    else group.push(item);
  }
  return groups;
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

/** All pairs of a first place and one behind it; of a share, one behind each of its first places, others behind each, so that all have their turn. */
function pairsOf(
  firsts: readonly string[],
  seconds: ReadonlyMap<string, readonly string[]>,
  share?: Share,
): readonly Story[] {
  return firsts.flatMap((first, i) => {
    const places = seconds.get(first) ?? [];
    const taken = share === undefined ? places : i % share.every === share.from ? [places[i % places.length]!] : [];
    return (places.length > 0 ? taken : []).map((second) => ({ sagaId: `${first}; ${second}`, at: [first, second] }));
  });
}

function report(title: string, stories: readonly Story[], took: number): void {
  const lines = stories.map(({ at: [first, second] }) => (second === undefined ? `  ${first!}` : `    then ${second}`));
  console.log(`Crash points, ${title}, in ${(took / 1000).toFixed(1)} s:\n${lines.join('\n')}`);
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
