import type { Plan } from '../definition/plan.js';
import { progressOf, type SagaState } from './saga-state.js';

/**
 * Whether the saga may still turn back by anything else than a failing step. Not behind the pivot; nor while it is not known
 * whether the pivot has happened.
 */
export function canTurn(plan: Plan, state: SagaState): boolean {
  const pivot = plan.pivot === undefined ? undefined : progressOf(state, plan.pivot);
  if (pivot === undefined || pivot.act.status === 'idle') return true;
  return pivot.act.status === 'failed' || (pivot.act.status === 'retrying' && !pivot.doubtful);
}
