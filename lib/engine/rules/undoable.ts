import type { Plan, StepPlan } from '../../definition/plan.js';
import type { SagaState } from './saga-state.js';
import type { StepProgress } from './step-progress.js';

export interface Undoable {
  readonly step: StepPlan;
  readonly progress: StepProgress;
}

/** What still has to be undone, last acted first. */
export function toUndo(plan: Plan, state: SagaState): readonly Undoable[] {
  const undoable: Undoable[] = [];
  for (let i = state.steps.length - 1; i >= 0; i--) {
    const progress = state.steps[i] as StepProgress;
    const step = plan.steps.get(progress.name);
    if (step?.kind === 'compensatable' && mayStand(step, progress)) undoable.push({ step, progress });
  }
  return undoable;
}

/** A failed act did not happen, nor did a transactional one that was not completed; an unknown one may have; what is compensated or resolved stands no more. */
function mayStand(step: StepPlan, { act, compensation, doubtful, transactional }: StepProgress): boolean {
  if (compensation.status === 'completed' || compensation.status === 'skipped') return false;
  switch (act.status) {
    case 'idle':
    case 'skipped':
      return false;
    case 'failed':
    case 'retrying':
      return step.compensateOnFailure || doubtful === true;
    case 'started':
    case 'interrupted':
      return transactional !== true || step.compensateOnFailure || doubtful === true;
    case 'completed':
    case 'unknown':
      return true;
  }
}

/** Whether this step's compensation used up its attempts in this round. */
export function hasGivenUp({ compensation }: StepProgress): boolean {
  return compensation.status === 'failed' || compensation.status === 'unknown';
}
