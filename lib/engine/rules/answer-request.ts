import type { Plan } from '../../definition/plan.js';
import type { EntryDraft } from '../../storage/log-entry.js';
import type { OperatorRequest } from '../../storage/operator-request.js';
import { canTurn, pivotOf } from './can-turn.js';
import type { SagaState } from './saga-state.js';
import type { StepProgress } from './step-progress.js';
import { hasGivenUp } from './undoable.js';

/**
 * The entry that answers an operator's request, or `undefined` while it cannot be answered: a cancel that meets a pivot of
 * which nobody knows yet whether it happened.
 */
export function answerRequest(plan: Plan, state: SagaState, request: OperatorRequest): EntryDraft | undefined {
  switch (request.type) {
    case 'cancel':
      return answerCancel(plan, state, request);
    case 'retry':
      return answerRetry(state, request);
    case 'resolve':
      return answerResolve(plan, state, request);
  }
}

function answerCancel(plan: Plan, state: SagaState, { id, reason, by }: OperatorRequest): EntryDraft | undefined {
  if (state.cancelled) return refuse(id, 'it is cancelled already');
  if (state.status !== 'PENDING' && state.status !== 'RUNNING') return refuse(id, `it is ${state.status}`);
  if (!canTurn(plan, state)) {
    const pivot = pivotOf(plan, state);
    if (pivot?.act.status !== 'completed') return undefined;
    return refuse(id, `it has passed its pivot "${pivot.name}" and can only go forward`);
  }
  return {
    event: 'cancelled',
    request: id,
    ...(reason === undefined ? {} : { reason }),
    ...(by === undefined ? {} : { by }),
  };
}

function answerRetry(state: SagaState, { id, by }: OperatorRequest): EntryDraft {
  if (state.status !== 'COMPENSATION_FAILED') return refuse(id, `it is ${state.status}, not COMPENSATION_FAILED`);
  return { event: 'retried', request: id, ...(by === undefined ? {} : { by }) };
}

function answerResolve(plan: Plan, state: SagaState, { id, step, reason, by }: OperatorRequest): EntryDraft {
  if (state.status !== 'COMPENSATION_FAILED' && state.status !== 'COMPENSATING') {
    return refuse(id, `it is ${state.status}; only steps whose compensation failed can be resolved`);
  }
  const progress = state.steps.find(({ name }) => name === step);
  if (progress === undefined || plan.steps.get(progress.name)?.kind !== 'compensatable') {
    return refuse(id, `it has no step "${step ?? ''}" that acted`);
  }
  if (!hasFailed(progress)) {
    return refuse(
      id,
      `the compensation of step "${progress.name}" has not failed: it is ${progress.compensation.status}`,
    );
  }
  return {
    event: 'skipped',
    step: progress.name,
    phase: 'compensate',
    request: id,
    reason: reason ?? '',
    ...(by === undefined ? {} : { by }),
  };
}

/** An interrupted one as well: a compensation that kills its process is parked without ever having thrown. */
function hasFailed(progress: StepProgress): boolean {
  const { status } = progress.compensation;
  return hasGivenUp(progress) || status === 'retrying' || status === 'interrupted';
}

/** The answer to a request that is still open where the saga is parked: nobody is there to answer it later. */
export function refuseParked({ id }: OperatorRequest): EntryDraft {
  return refuse(id, 'it is parked; its held reason says why');
}

function refuse(request: string, why: string): EntryDraft {
  return { event: 'refused', request, why };
}
