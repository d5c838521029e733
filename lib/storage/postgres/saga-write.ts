import type { NewRow } from '../rows/new-row.js';
import type { HeadUpdate } from './change-head.js';
import type { NewHead } from './create-saga.js';

/** A write of one saga, ready to share a statement with writes of others. */
export type SagaWrite = SagaCreation | SagaAppend;

/** Head and first row of a new saga. */
export interface SagaCreation {
  readonly kind: 'creation';
  readonly row: NewRow;
  readonly head: NewHead;
}

/** The next row of a saga. */
export interface SagaAppend {
  readonly kind: 'append';
  readonly row: NewRow;
  /** What changes in the head, if anything does. */
  readonly change: HeadUpdate | undefined;
  /** The operators' requests that the writer has read. */
  readonly known: readonly string[];
  /** Those that this write answers. */
  readonly answered: readonly string[];
}
