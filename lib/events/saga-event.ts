import type { JsonValue } from '../storage/json-value.js';
import type { TurnReason } from '../storage/log-entry.js';
import type { StoredError } from '../storage/stored-error.js';

interface EventBase {
  readonly sagaId: string;
  /** The saga definition's name. */
  readonly saga: string;
  /** The log entry's, so that a stream can be resumed behind it. */
  readonly seq: number;
  /** The storage's clock. */
  readonly at: Date;
  /** How many of the saga's steps stand. It grows while the saga goes forward, and falls while it goes back. */
  readonly progress: { readonly done: number; readonly total: number };
}

interface StepEventBase extends EventBase {
  readonly step: string;
  readonly attempt: number;
}

/**
 * What a watcher sees of a saga: one event for one log entry, told apart by `type`. Entries that concern nobody outside (claims,
 * saves, operators' requests) have none, so `seq` has gaps.
 */
export type SagaEvent =
  | (EventBase & { readonly type: 'saga.started' })
  | (StepEventBase & { readonly type: 'step.started' })
  | (StepEventBase & { readonly type: 'step.completed'; readonly result?: JsonValue })
  /** An attempt of `act` did not succeed; the next is due in `retryIn` ms. */
  | (StepEventBase & { readonly type: 'step.retrying'; readonly error: StoredError; readonly retryIn: number })
  /** An act did not succeed, and there is no further attempt. */
  | (StepEventBase & {
      readonly type: 'step.failed';
      readonly error: StoredError;
      readonly outcome: 'failed' | 'unknown';
    })
  /** The point of no return, and each further round of compensation. */
  | (EventBase & { readonly type: 'saga.compensating'; readonly reason: TurnReason; readonly error?: StoredError })
  /** `by` is set when an operator resolved it. */
  | (EventBase & {
      readonly type: 'step.compensated';
      readonly step: string;
      readonly attempt?: number;
      readonly by?: string;
    })
  /** An attempt of `compensate` did not succeed; `retryIn` ms until the next, absent when there is none in this round. */
  | (StepEventBase & {
      readonly type: 'step.compensation-failed';
      readonly error: StoredError;
      readonly retryIn?: number;
    })
  | (EventBase & { readonly type: 'saga.completed' })
  /** Everything that had to be undone is undone. */
  | (EventBase & { readonly type: 'saga.failed'; readonly reason: TurnReason; readonly error?: StoredError })
  /** A compensation used up its attempts. Recovery tries again in `retryIn` ms. */
  | (EventBase & { readonly type: 'saga.compensation-failed'; readonly retryIn: number; readonly error?: StoredError });

/** The `type` of a {@link SagaEvent}, which is also the type of its Server-Sent message. */
export type SagaEventType = SagaEvent['type'];
