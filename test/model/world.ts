import type { Effect } from '../../lib/engine/rules/next-move.js';
import { NEW_SAGA, type SagaState } from '../../lib/engine/rules/saga-state.js';
import type { EntryDraft, HeldReason, Phase } from '../../lib/storage/log-entry.js';
import type { OperatorRequest } from '../../lib/storage/operator-request.js';
import type { HeadChange } from '../../lib/storage/saga-changes.js';
import type { Scenario } from './scenario.js';
import { newWatch, type Watch } from './watch.js';

/** Everything that exists: one stored saga, two processes, what is on the wire, and the world outside. */
export interface World {
  now: number;
  store: StoredSaga;
  processes: readonly Process[];
  /** Under way, with nobody waiting for it. It lands at any time, or never. */
  wire: readonly Wire[];
  /** What the steps did to the world outside, by step. */
  outside: Readonly<Record<string, Outside>>;
  /** What the log has promised so far, kept apart from the rules under test. */
  watch: Watch;
  code: 'current' | 'changed';
  /** Operators' requests so far; names the next one. */
  asked: number;
  /** The rows written by the last action, for traces. */
  notes: readonly string[];
}

export interface StoredSaga {
  version: number;
  writeId: string;
  state: SagaState;
  worker?: string | undefined;
  dueAt?: number | undefined;
  held?: HeldReason | undefined;
  requests: readonly OperatorRequest[];
}

/** A process of the application: at most one at a time runs the saga and believes that it may. */
export interface Process {
  readonly name: string;
  /** Changes with each restart, and after a lost lease: an expired worker never renews. */
  incarnation: number;
  hasLease: boolean;
  closing: boolean;
  writes: number;
  run?: Run | undefined;
}

/** A saga's execution, as SagaExecution and SagaJournal do it. */
export interface Run {
  version: number;
  state: SagaState;
  requests: readonly OperatorRequest[];
  /** What has happened and is not written yet. */
  pending: readonly EntryDraft[];
  /** The call in whose transaction that is written: what it has done is committed with it, or not at all. */
  within?: LocalEffect | undefined;
  eager: boolean;
  readonly code: 'current' | 'changed';
  doing: Doing;
}

export type Doing =
  | { readonly type: 'deciding' }
  /** No answer came; the same write is sent again. */
  | { readonly type: 'resending'; readonly row: Row }
  /** The answer to a COMMIT did not come, and the log is read. */
  | { readonly type: 'looking'; readonly row: Row; readonly attempt: number }
  | { readonly type: 'calling'; readonly phase: Phase; readonly step: string; readonly attempt: number }
  | { readonly type: 'waiting'; readonly until: number };

/** What a transactional step writes into the database itself. */
export interface LocalEffect {
  readonly phase: Phase;
  readonly step: string;
  readonly attempt: number;
}

export interface Row {
  readonly version: number;
  readonly writeId: string;
  readonly worker: string;
  readonly entries: readonly EntryDraft[];
  readonly head: HeadChange | undefined;
  /** `all`: a `save()`, which no request stops. */
  readonly known: readonly string[] | 'all';
  readonly effect: Effect | undefined;
  /** What stands in the same transaction. */
  readonly commits?: LocalEffect | undefined;
}

export type Wire =
  | { readonly type: 'write'; readonly row: Row }
  | { readonly type: 'call'; readonly phase: Phase; readonly step: string };

export interface Outside {
  /** It has happened, and nothing has undone it since. */
  readonly stands: boolean;
  /** It has happened at some time. */
  readonly happened: boolean;
  /** It landed when it was settled: nothing can be promised of it (9.10). */
  readonly late: boolean;
  /** Its compensation has begun, or its pivot has said no. */
  readonly settled: boolean;
}

const UNTOUCHED: Outside = { stands: false, happened: false, late: false, settled: false };

/** Before anything is stored. */
export function newWorld(scenario: Scenario): World {
  const process = { incarnation: 1, hasLease: true, closing: false, writes: 0 };
  return {
    now: 0,
    store: { version: 0, writeId: '', state: NEW_SAGA, requests: [] },
    processes: [
      { name: 'A', ...process },
      { name: 'B', ...process },
    ],
    wire: [],
    outside: Object.fromEntries([...scenario.plan.steps.keys()].map((step) => [step, UNTOUCHED])),
    watch: newWatch(scenario),
    code: 'current',
    asked: 0,
    notes: [],
  };
}

export function copyWorld(world: World): World {
  return {
    ...world,
    store: { ...world.store },
    processes: world.processes.map((process) =>
      process.run === undefined ? { ...process } : { ...process, run: { ...process.run } },
    ),
    notes: [],
  };
}

export function workerOf({ name, incarnation }: Process): string {
  return `${name}${incarnation}`;
}

/** The process dies, closes, or has lost its lease: from now on it is another worker. */
export function restart(process: Process): void {
  process.run = undefined;
  process.incarnation++;
  process.hasLease = true;
  process.closing = false;
}

export function replaceOutside(world: World, step: string, change: Partial<Outside>): void {
  world.outside = { ...world.outside, [step]: { ...(world.outside[step] as Outside), ...change } };
}
