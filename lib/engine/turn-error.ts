import type { Plan } from '../definition/plan.js';
import { DefinitionChangedError } from '../errors/definition-changed-error.js';
import { SagaCancelledError } from '../errors/saga-cancelled-error.js';
import { SagaDeadlineError } from '../errors/saga-deadline-error.js';
import { storeError } from '../errors/error-to-stored.js';
import { restoreError } from '../errors/stored-to-error.js';
import type { StoredError } from '../storage/stored-error.js';
import type { SagaState } from './rules/saga-state.js';

/** Whose error it is. */
export interface TurnedSaga {
  readonly id: string;
  readonly name: string;
  readonly plan: Plan;
}

/** Why a saga turned back, as the error that its caller gets; `undefined` for one that has not. */
export function turnError(saga: TurnedSaga, state: SagaState): Error | undefined {
  switch (state.turned) {
    case undefined:
      return undefined;
    case 'step-failed':
      return state.failure && restoreError(state.failure.error);
    case 'cancelled':
      return new SagaCancelledError({ sagaId: saga.id, reason: state.cancelled?.reason, by: state.cancelled?.by });
    case 'deadline':
      return new SagaDeadlineError({ sagaId: saga.id, deadline: saga.plan.deadline ?? 0 });
    case 'definition-changed':
      return new DefinitionChangedError({ sagaId: saga.id, saga: saga.name });
  }
}

/** The same, as the head and the events show it: without stacks, which are the log's alone. */
export function shownTurnError(saga: TurnedSaga, state: SagaState): StoredError | undefined {
  if (state.turned === 'step-failed') return state.failure && withoutStack(state.failure.error);
  const error = turnError(saga, state);
  return error && withoutStack(storeError(error));
}

/** What may be shown to whoever watches: stacks tell of the server's inside, and make lists long. */
export function withoutStack({ stack: _, cause, ...shown }: StoredError): StoredError {
  return cause === undefined ? shown : { ...shown, cause: withoutStack(cause) };
}
