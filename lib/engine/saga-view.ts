import type { StepState } from '../definition/step-state.js';
import { stepNames } from '../definition/plan-shape.js';
import type { PlanShape, SagaRecord } from '../storage/saga-record.js';
import { progressOf, type SagaState } from './rules/saga-state.js';
import type { StepProgress } from './rules/step-progress.js';

/** How a step stands, as it is shown. */
export interface StepView {
  /** The step's name in the plan. */
  readonly name: string;
  /** Where it stands. */
  readonly state: StepState;
  /** Attempts of act and of compensate, interrupted ones included. */
  readonly attempts: {
    /** 0 before the first one. */
    readonly act: number;
    /** In all rounds; 0 before the first one. */
    readonly compensate: number;
  };
}

/** A saga as it is shown: what is stored, with the context restored, and what its log says of each step. */
export interface SagaView<C = unknown> extends Omit<SagaRecord, 'context'> {
  /** Restored as steps get it; as it is stored, where that is not possible here. */
  readonly context: C;
  /** In the order of the plan. */
  readonly steps: readonly StepView[];
}

export function viewOf<C>(record: SagaRecord, state: SagaState, context: C): SagaView<C> {
  return { ...record, context, steps: stepNames(record.plan).map((name) => stepView(name, state)) };
}

/** The places in a plan: of a fallback, only one part counts. */
export function stepCount(plan: PlanShape): number {
  return plan.length;
}

function stepView(name: string, state: SagaState): StepView {
  const progress = progressOf(state, name);
  return {
    name,
    state: progress === undefined ? 'pending' : stepState(progress),
    attempts: { act: progress?.act.attempts ?? 0, compensate: progress?.compensation.attempts ?? 0 },
  };
}

function stepState({ act, compensation }: StepProgress): StepState {
  switch (compensation.status) {
    case 'completed':
      return 'compensated';
    case 'skipped':
      return 'skipped';
    case 'failed':
    case 'unknown':
      return 'compensation-failed';
    case 'started':
    case 'interrupted':
    case 'retrying':
      return 'compensating';
    case 'idle':
      return actState(act.status);
  }
}

function actState(status: StepProgress['act']['status']): StepState {
  switch (status) {
    case 'idle':
    case 'skipped':
      return 'pending';
    case 'started':
    case 'retrying':
      return 'running';
    case 'interrupted':
    case 'unknown':
      return 'unknown';
    case 'completed':
      return 'completed';
    case 'failed':
      return 'failed';
  }
}
