import type { JsonValue } from '../storage/json-value.js';
import type { EntryDraft, HeldReason, StepEntry, StepFailed, TurnReason } from '../storage/log-entry.js';
import type { SagaStatus } from '../storage/saga-record.js';
import type { StoredError } from '../storage/stored-error.js';
import { NEW_STEP, applyStepEntry, interruptStep, resetCompensation, type StepProgress } from './step-progress.js';

/** What a saga's log adds up to. Plain JSON, so that a snapshot of it can stand in a long log. Times are ms, storage's clock. */
export interface SagaState {
  readonly status: SagaStatus;
  /** How many entries have been folded. */
  readonly seq: number;
  /** Steps in the order of their first act: compensation goes against it. */
  readonly steps: readonly StepProgress[];
  readonly deadlineAt?: number;
  /** An accepted cancel. */
  readonly cancelled?: { readonly reason?: string; readonly by?: string };
  /** The last act that failed for good. */
  readonly failure?: { readonly step: string; readonly error: StoredError };
  /** Why the saga turned back; set from the point of no return on. */
  readonly turned?: TurnReason;
  /** The round of compensation; 0 before the turn. */
  readonly round: number;
  /** When the next round is due, while the status is COMPENSATION_FAILED. */
  readonly roundDueAt?: number;
  /** An operator wants another round. */
  readonly retryAsked?: true;
  /** How often recovery has set this saga going since it last completed anything. */
  readonly recoveries: number;
  /** The latest claim has started nothing yet, so it does not count. */
  readonly justClaimed?: true;
  readonly held?: HeldReason;
}

/** A saga of which nothing has been logged. */
export const NEW_SAGA: SagaState = { status: 'PENDING', seq: 0, steps: [], round: 0, recoveries: 0 };

/** The state of a saga: the fold of its log, or of the rest of it behind a snapshot. */
export function foldLog(
  entries: readonly (EntryDraft & { readonly at: Date })[],
  from: SagaState = NEW_SAGA,
): SagaState {
  return entries.reduce((state, entry) => applyEntry(state, entry, entry.at.getTime()), from);
}

/** The state after one more entry, written at `at` by the storage's clock. */
export function applyEntry(state: SagaState, entry: EntryDraft, at: number): SagaState {
  const next = entry.step === undefined ? applySagaEntry(state, entry, at) : applyToStep(state, entry, at);
  return { ...next, seq: state.seq + 1 };
}

/** What has been logged of a step; a step that never started has nothing. */
export function progressOf(state: SagaState, step: string): StepProgress | undefined {
  return state.steps.find(({ name }) => name === step);
}

function applyToStep(state: SagaState, entry: StepEntry, at: number): SagaState {
  const index = state.steps.findIndex(({ name }) => name === entry.step);
  const step = applyStepEntry(state.steps[index] ?? { ...NEW_STEP, name: entry.step }, entry, at);
  const steps = index < 0 ? [...state.steps, step] : state.steps.with(index, step);
  switch (entry.event) {
    case 'started':
      return { ...withoutClaim(state), status: entry.phase === 'act' ? 'RUNNING' : state.status, steps };
    case 'completed':
      return { ...state, steps, recoveries: 0 };
    case 'failed':
      return isLastFailure(entry)
        ? { ...state, steps, failure: { step: entry.step, error: entry.error } }
        : { ...state, steps };
    case 'saved':
    case 'skipped':
      return { ...state, steps };
  }
}

function isLastFailure(entry: StepFailed): boolean {
  return entry.phase === 'act' && entry.retryIn === undefined && entry.handover === undefined;
}

/** Something was started under the latest claim, which therefore counts. */
function withoutClaim(state: SagaState): SagaState {
  if (state.justClaimed === undefined) return state;
  const { justClaimed: _, ...rest } = state;
  return { ...rest, recoveries: state.recoveries + 1 };
}

function applySagaEntry(state: SagaState, entry: Exclude<EntryDraft, StepEntry>, at: number): SagaState {
  switch (entry.event) {
    case 'created':
      return entry.deadline === undefined ? state : { ...state, deadlineAt: at + entry.deadline };
    case 'compensating':
      return entry.round === 1
        ? { ...state, status: 'COMPENSATING', turned: entry.reason, round: 1 }
        : nextRound(state, entry.round);
    case 'completed':
      return { ...state, status: 'COMPLETED' };
    case 'failed':
      return entry.reason === undefined
        ? { ...state, status: 'FAILED' }
        : { ...state, status: 'FAILED', turned: entry.reason };
    case 'compensation-failed':
      return { ...state, status: 'COMPENSATION_FAILED', roundDueAt: at + entry.retryIn };
    case 'claimed':
      return claimed(state, entry.asked === true);
    case 'held':
      return { ...state, held: entry.held };
    case 'cancelled': {
      const { reason, by } = entry;
      const cancelled = { ...(reason === undefined ? {} : { reason }), ...(by === undefined ? {} : { by }) };
      return { ...state, cancelled, recoveries: 0 };
    }
    case 'retried':
      return { ...state, retryAsked: true, recoveries: 0 };
    case 'refused':
      return state;
  }
}

/** A round counts as a recovery even if it starts nothing, and resets every compensation that is not done. */
function nextRound(state: SagaState, round: number): SagaState {
  const { justClaimed: _, retryAsked, roundDueAt: __, ...rest } = state;
  const recoveries = retryAsked === undefined ? state.recoveries + 1 : 0;
  return { ...rest, status: 'COMPENSATING', round, recoveries, steps: state.steps.map(resetCompensation) };
}

/** Whatever was in flight has lost its worker: nobody knows any more how it ended. */
function claimed(state: SagaState, asked: boolean): SagaState {
  const { held: _, ...rest } = state;
  return {
    ...rest,
    steps: state.steps.map(interruptStep),
    justClaimed: true,
    recoveries: asked ? 0 : state.recoveries,
  };
}

/** The state that a storage gave back from a snapshot. */
export function stateFromSnapshot(snapshot: JsonValue): SagaState {
  return snapshot as unknown as SagaState;
}
