import type { HeadChange } from '../storage/saga-changes.js';
import type { Effect } from './rules/next-move.js';
import type { SagaState } from './rules/saga-state.js';
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
  const change: Draft = {};
  if (after.status !== before.status) change.status = after.status;
  if (after.turned !== before.turned) noteTurn(change, saga, after);
  noteRest(change, after, { effect, now });
  return isEmpty(change) ? undefined : change;
}

/** A change that is being made. */
type Draft = { -readonly [Field in keyof HeadChange]: HeadChange[Field] };

function isEmpty(change: Draft): boolean {
  for (const _ in change) return false;
  return true;
}

function goesOn(effect: Effect | undefined): boolean {
  return effect?.type === 'act' || effect?.type === 'compensate' || effect?.type === 'wait';
}

function noteTurn(change: Draft, saga: TurnedSaga, after: SagaState): void {
  const error = shownTurnError(saga, after);
  const step = after.turned === 'step-failed' ? after.failure?.step : undefined;
  if (error !== undefined) change.error = error;
  if (step !== undefined) change.failedStep = step;
}

/** Who rests is nobody's: only what runs, or waits in a process, has a worker. */
function noteRest(
  change: Draft,
  after: SagaState,
  { effect, now }: { readonly effect: Effect | undefined; readonly now: number },
): void {
  switch (effect?.type) {
    case 'end':
    case 'park':
      change.worker = null;
      change.dueIn = dueIn(after, now);
      if (after.held !== undefined) change.heldReason = after.held;
      break;
    case 'leave':
      if (after.status !== 'COMPENSATION_FAILED') break;
      change.worker = null;
      change.dueIn = dueIn(after, now);
      break;
    case 'act':
    case 'compensate':
    case 'wait':
    case undefined:
      break;
  }
}

/** A round that an operator asked for is due at once: this worker is only closing. */
function dueIn({ status, roundDueAt, retryAsked }: SagaState, now: number): number | null {
  return status === 'COMPENSATION_FAILED' && roundDueAt !== undefined && !retryAsked
    ? Math.max(0, Math.round(roundDueAt - now))
    : null;
}
