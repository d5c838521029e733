import type { HeadChange } from '../storage/saga-changes.js';
import type { Effect } from './next-move.js';
import type { SagaState } from './saga-state.js';
import { shownTurnError, type TurnedSaga } from './turn-error.js';

/**
 * What a write changes in a saga's head, or `undefined` when it can leave the head alone, as most writes do: the head says
 * where a saga can be found and who has to care, and changes only with that.
 */
export function headChange(
  saga: TurnedSaga,
  before: SagaState,
  after: SagaState,
  { effect, now }: { readonly effect: Effect | undefined; readonly now: number },
): HeadChange | undefined {
  if (after.status === before.status && after.turned === before.turned && goesOn(effect)) return undefined;
  const status = after.status === before.status ? {} : { status: after.status };
  const change = { ...status, ...turned(saga, before, after), ...ownership(after, effect, now) };
  return Object.keys(change).length === 0 ? undefined : change;
}

function goesOn(effect: Effect | undefined): boolean {
  return effect?.type === 'act' || effect?.type === 'compensate' || effect?.type === 'wait';
}

function turned(saga: TurnedSaga, before: SagaState, after: SagaState): HeadChange {
  if (after.turned === before.turned) return {};
  const error = shownTurnError(saga, after);
  const step = after.turned === 'step-failed' ? after.failure?.step : undefined;
  return { ...(error === undefined ? {} : { error }), ...(step === undefined ? {} : { failedStep: step }) };
}

/** Who rests is nobody's: only what runs, or waits in a process, has a worker. */
function ownership(after: SagaState, effect: Effect | undefined, now: number): HeadChange {
  switch (effect?.type) {
    case 'end':
    case 'park':
      return {
        worker: null,
        dueIn: dueIn(after, now),
        ...(after.held === undefined ? {} : { heldReason: after.held }),
      };
    case 'leave':
      return after.status === 'COMPENSATION_FAILED' ? { worker: null, dueIn: dueIn(after, now) } : {};
    case 'act':
    case 'compensate':
    case 'wait':
    case undefined:
      return {};
  }
}

/** A round that an operator asked for is due at once: this worker is only closing. */
function dueIn({ status, roundDueAt, retryAsked }: SagaState, now: number): number | null {
  return status === 'COMPENSATION_FAILED' && roundDueAt !== undefined && !retryAsked
    ? Math.max(0, Math.round(roundDueAt - now))
    : null;
}
