import type { JsonValue } from '../../storage/json-value.js';
import type { HeldReason, TurnReason } from '../../storage/log-entry.js';
import type { SagaStatus } from '../../storage/saga-record.js';
import type { StoredError } from '../../storage/stored-error.js';
import { stepDraftOf, type StepDraft, type StepProgress } from './step-progress.js';

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

/** A saga of which nothing has been logged. All fields are there from the start: objects of one shape are fast. */
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

/** A state that is being made of the one before, with whom it shares the steps that do not change. */
export type StateDraft = { -readonly [Field in keyof SagaState]: SagaState[Field] };

/** Spelled out, because V8 makes a literal in a tenth of the time of a spread, and folding is most of what deciding costs. */
export function stateDraftOf(state: SagaState): StateDraft {
  return {
    status: state.status,
    seq: state.seq,
    steps: state.steps,
    deadlineAt: state.deadlineAt,
    cancelled: state.cancelled,
    failure: state.failure,
    turned: state.turned,
    round: state.round,
    roundDueAt: state.roundDueAt,
    retryAsked: state.retryAsked,
    recoveries: state.recoveries,
    justClaimed: state.justClaimed,
    held: state.held,
  };
}

/** A state that nobody knows but its owner, who changes it in place. */
export interface OwnState extends StateDraft {
  steps: StepDraft[];
}

/** A copy for its owner. */
export function ownStateOf(state: SagaState): OwnState {
  return Object.assign(stateDraftOf(state), { steps: state.steps.map(stepDraftOf) });
}

/** What has been logged of a step; a step that never started has nothing. */
export function progressOf(state: SagaState, step: string): StepProgress | undefined {
  return state.steps[placeOf(state, step)];
}

/** Looked for from the end: it is nearly always the last one that started. */
export function placeOf({ steps }: SagaState, step: string): number {
  let place = steps.length - 1;
  while (place >= 0 && steps[place]?.name !== step) place--;
  return place;
}

/** A state as a storage keeps it. */
export function snapshotOf(state: SagaState): JsonValue {
  return JSON.parse(JSON.stringify(state)) as JsonValue;
}

/** The state that a storage gave back from a snapshot. */
export function stateFromSnapshot(snapshot: JsonValue): SagaState {
  return { ...NEW_SAGA, ...(snapshot as unknown as SagaState) };
}
