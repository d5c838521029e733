import type { SagaSerializer } from '../context/saga-serializer.js';
import { SagaInterruptedError } from '../errors/saga-interrupted-error.js';
import type { JsonValue } from '../storage/json-value.js';
import type { HeldReason } from '../storage/log-entry.js';
import { serializationInfoOf, type RunnableSaga } from './runnable-saga.js';
import type { SagaState } from './rules/saga-state.js';
import { turnError } from './turn-error.js';

/** How a saga's way through a worker ended: what its caller gets. */
export type SagaEnd =
  | { readonly type: 'completed'; readonly context: object }
  /** Undone, or as far undone as could be; `error` is why it turned back. */
  | { readonly type: 'undone'; readonly error: unknown }
  | { readonly type: 'held'; readonly heldReason: HeldReason; readonly error: Error }
  | { readonly type: 'interrupted'; readonly error: Error };

/** Where a saga stands. */
export interface Standing {
  readonly state: SagaState;
  readonly context: JsonValue;
}

/** What the caller of a saga at rest gets. `thrown` is the step's own error, where it was thrown in this process. */
export function outcomeOf(
  saga: RunnableSaga,
  { state, context }: Standing,
  serializer: SagaSerializer,
  thrown?: unknown,
): SagaEnd {
  if (state.held !== undefined) {
    const cause = new Error(state.held.message);
    return { type: 'held', heldReason: state.held, error: new SagaInterruptedError(saga.id, 'held', { cause }) };
  }
  if (state.status === 'COMPLETED')
    return { type: 'completed', context: serializer.restoreContext(context, serializationInfoOf(saga)) };
  const own = state.turned === 'step-failed' ? thrown : undefined;
  return { type: 'undone', error: own ?? turnError(saga, state) };
}

/** Resolves or rejects as `run()` does. */
export function settle(end: SagaEnd): object {
  if (end.type === 'completed') return end.context;
  throw end.error;
}
