import type { Plan } from '../../definition/plan.js';
import { progressOf, type SagaState } from './saga-state.js';
import type { StepProgress } from './step-progress.js';

/**
 * Whether the saga may still turn back by anything else than a failing step. Not behind the pivot; nor while it is not known
 * whether the pivot has happened. One that is interrupted is in doubt, unless it was to be committed in a transaction: that can be no more.
 */
export function canTurn(plan: Plan, state: SagaState): boolean {
  const pivot = pivotOf(plan, state);
  if (pivot === undefined) return true;
  switch (pivot.act.status) {
    case 'failed':
    case 'retrying':
    case 'interrupted':
      return !pivot.doubtful;
    case 'idle':
    case 'skipped':
    case 'started':
    case 'unknown':
    case 'completed':
      return false;
  }
}

/** What has been logged of the pivot: nothing where there is none, and before it has started. */
export function pivotOf(plan: Plan, state: SagaState): StepProgress | undefined {
  return plan.pivot === undefined ? undefined : progressOf(state, plan.pivot);
}
