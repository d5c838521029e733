import type { NewSaga, SagaTransition } from '../saga-changes.js';

/**
 * A write of one saga, to share a statement with writes of others: just what was handed over. A thousand writes wait at once, and texts made of
 * them before they are sent would be carried from one garbage collection to the next.
 */
export type SagaWrite = NewSaga | SagaTransition;

/** Head and first row of a new saga; anything else is the next row of one. */
export function isCreation(write: SagaWrite): write is NewSaga {
  return 'plan' in write;
}

export function isAppend(write: SagaWrite): write is SagaTransition {
  return !isCreation(write);
}
