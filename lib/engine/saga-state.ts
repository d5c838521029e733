import type { JsonValue } from '../storage/json-value.js';
import type { EntryDraft, HeldReason, StepEntry, StepFailed, TurnReason } from '../storage/log-entry.js';
import type { SagaStatus } from '../storage/saga-record.js';
import type { StoredError } from '../storage/stored-error.js';
import { applyStepEntry, interruptStep, newStep, resetCompensation, type StepProgress } from './step-progress.js';

/** What a saga's log adds up to. Plain JSON, so that a snapshot of it can stand in a long log. Times are ms, storage's clock. */
export interface SagaState {
  readonly status: SagaStatus;
  /** How many entries have been folded. */
  readonly seq: number;
  /** Steps in the order of their first act: compensation goes against it. */
  readonly steps: readonly StepProgress[];
  readonly deadlineAt?: number | undefined;
  /** An accepted cancel. */
  readonly cancelled?: { readonly reason?: string; readonly by?: string } | undefined;
  /** The last act that failed for good. */
  readonly failure?: { readonly step: string; readonly error: StoredError } | undefined;
  /** Why the saga turned back; set from the point of no return on. */
  readonly turned?: TurnReason | undefined;
  /** The round of compensation; 0 before the turn. */
  readonly round: number;
  /** When the next round is due, while the status is COMPENSATION_FAILED. */
  readonly roundDueAt?: number | undefined;
  /** An operator wants another round. */
  readonly retryAsked?: true | undefined;
  /** How often recovery has set this saga going since it last completed anything, or an operator's request was accepted. */
  readonly recoveries: number;
  /** The latest claim has started nothing yet, so it does not count. */
  readonly justClaimed?: true | undefined;
  readonly held?: HeldReason | undefined;
}

/** A saga of which nothing has been logged. All fields are there from the start, so that copies of it are fast. */
export const NEW_SAGA: SagaState = {
  status: 'PENDING',
  seq: 0,
  steps: [],
  deadlineAt: undefined,
  cancelled: undefined,
  failure: undefined,
  turned: undefined,
  round: 0,
  roundDueAt: undefined,
  retryAsked: undefined,
  recoveries: 0,
  justClaimed: undefined,
  held: undefined,
};

type Change = Partial<SagaState>;

const NO_CHANGE: Change = {};

/** The state of a saga: the fold of its log, or of the rest of it behind a snapshot. */
export function foldLog(
  entries: readonly (EntryDraft & { readonly at: Date })[],
  from: SagaState = NEW_SAGA,
): SagaState {
  return entries.reduce((state, entry) => applyEntry(state, entry, entry.at.getTime()), from);
}

/**
 * The state after one more entry, written at `at` by the storage's clock.
 *
 * @throws for an event that this release does not know: a newer one wrote it.
 */
export function applyEntry(state: SagaState, entry: EntryDraft, at: number): SagaState {
  const change = entry.step === undefined ? changeBySaga(state, entry, at) : changeByStep(state, entry, at);
  return { ...state, ...change, seq: state.seq + 1 };
}

/** What has been logged of a step; a step that never started has nothing. */
export function progressOf(state: SagaState, step: string): StepProgress | undefined {
  return state.steps.find(({ name }) => name === step);
}

function changeByStep(state: SagaState, entry: StepEntry, at: number): Change {
  const index = state.steps.findIndex(({ name }) => name === entry.step);
  const step = applyStepEntry(state.steps[index] ?? newStep(entry.step), entry, at);
  const steps = index < 0 ? [...state.steps, step] : state.steps.with(index, step);
  switch (entry.event) {
    case 'started':
      return { ...claimCounts(state), status: entry.phase === 'act' ? 'RUNNING' : state.status, steps };
    case 'completed':
      return { steps, recoveries: 0 };
    case 'failed':
      return isLastFailure(entry) ? { steps, failure: { step: entry.step, error: entry.error } } : { steps };
    case 'saved':
      return { steps };
    case 'skipped':
      return { steps, recoveries: 0 };
    default:
      throw new UnknownEntry(entry);
  }
}

function isLastFailure(entry: StepFailed): boolean {
  return entry.phase === 'act' && entry.retryIn === undefined && entry.handover === undefined;
}

/** Something was started under the latest claim, which therefore counts. */
function claimCounts({ justClaimed, recoveries }: SagaState): Change {
  return justClaimed ? { justClaimed: undefined, recoveries: recoveries + 1 } : NO_CHANGE;
}

function changeBySaga(state: SagaState, entry: Exclude<EntryDraft, StepEntry>, at: number): Change {
  switch (entry.event) {
    case 'created':
      return entry.deadline === undefined ? NO_CHANGE : { deadlineAt: at + entry.deadline };
    case 'compensating':
      return entry.round === 1
        ? { status: 'COMPENSATING', turned: entry.reason, round: 1 }
        : nextRound(state, entry.round);
    case 'completed':
      return { status: 'COMPLETED' };
    case 'failed':
      return { status: 'FAILED', turned: entry.reason ?? state.turned };
    case 'compensation-failed':
      return { status: 'COMPENSATION_FAILED', roundDueAt: at + entry.retryIn };
    case 'claimed':
      return claimed(state, entry.asked === true);
    case 'held':
      return { held: entry.held };
    case 'cancelled':
      return { cancelled: { ...given('reason', entry.reason), ...given('by', entry.by) }, recoveries: 0 };
    case 'retried':
      return { retryAsked: true, recoveries: 0 };
    case 'refused':
      return NO_CHANGE;
    default:
      throw new UnknownEntry(entry);
  }
}

/** A round counts as a recovery even if it starts nothing, and resets every compensation that is not done. */
function nextRound(state: SagaState, round: number): Change {
  return {
    status: 'COMPENSATING',
    round,
    recoveries: state.retryAsked ? 0 : state.recoveries + 1,
    steps: state.steps.map(resetCompensation),
    justClaimed: undefined,
    retryAsked: undefined,
    roundDueAt: undefined,
  };
}

/** Whatever was in flight has lost its worker: nobody knows any more how it ended. */
function claimed(state: SagaState, asked: boolean): Change {
  return {
    steps: state.steps.map(interruptStep),
    // Taking up a saga that never ran is no recovery.
    justClaimed: state.status === 'PENDING' ? undefined : true,
    recoveries: asked ? 0 : state.recoveries,
    held: undefined,
  };
}

function given<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: string });
}

class UnknownEntry extends Error {
  constructor(entry: never) {
    super(`this release does not know the log entry ${JSON.stringify(entry)}; a newer one wrote it`);
  }
}

/** A state as a storage keeps it. */
export function snapshotOf(state: SagaState): JsonValue {
  return JSON.parse(JSON.stringify(state)) as JsonValue;
}

/** The state that a storage gave back from a snapshot. */
export function stateFromSnapshot(snapshot: JsonValue): SagaState {
  return { ...NEW_SAGA, ...(snapshot as unknown as SagaState) };
}
