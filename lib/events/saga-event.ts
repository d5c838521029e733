import type { JsonValue } from '../storage/json-value.js';
import type { TurnReason } from '../storage/log-entry.js';
import type { StoredError } from '../storage/stored-error.js';

interface EventBase {
  /** The saga's id. */
  readonly sagaId: string;
  /** The saga definition's name. */
  readonly saga: string;
  /** The log entry's, so that a stream can be resumed behind it. */
  readonly seq: number;
  /** The storage's clock. */
  readonly at: Date;
  /** How many of the saga's steps stand. It grows while the saga goes forward, and falls while it goes back. */
  readonly progress: {
    /** Steps that have acted and are not undone. */
    readonly done: number;
    /** All places of the plan; a fallback is one. */
    readonly total: number;
  };
}

interface StepEventBase extends EventBase {
  /** The step's name in the plan. */
  readonly step: string;
  /** Counts every attempt of this phase; the first is 1. */
  readonly attempt: number;
}

/**
 * What a watcher sees of a saga: one event for one log entry, told apart by `type`. Entries that concern nobody outside (claims,
 * saves, operators' requests) have none, so `seq` has gaps.
 */
export type SagaEvent =
  | (EventBase & { readonly type: 'saga.started' })
  | (StepEventBase & { readonly type: 'step.started' })
  | (StepEventBase & {
      readonly type: 'step.completed';
      /** What `act` returned, as it is stored; absent when it returned nothing. */
      readonly result?: JsonValue;
    })
  /** An attempt of `act` did not succeed. */
  | (StepEventBase & {
      readonly type: 'step.retrying';
      /** What the attempt threw, without its stack, as of all events. */
      readonly error: StoredError;
      /** Milliseconds from `at` until the next attempt is due. */
      readonly retryIn: number;
    })
  /** An act did not succeed, and there is no further attempt. */
  | (StepEventBase & {
      readonly type: 'step.failed';
      /** What the last attempt threw. */
      readonly error: StoredError;
      /** `failed`: it did not happen. `unknown`: nobody can tell. */
      readonly outcome: 'failed' | 'unknown';
    })
  /** The point of no return, and each further round of compensation. */
  | (EventBase & {
      readonly type: 'saga.compensating';
      /** Why it turned back. */
      readonly reason: TurnReason;
      /** What callers of `run()` get. */
      readonly error?: StoredError;
    })
  /** A step is undone, or an operator has resolved it. */
  | (EventBase & {
      readonly type: 'step.compensated';
      /** The step's name in the plan. */
      readonly step: string;
      /** Which attempt of `compensate` it was; absent when an operator has resolved it. */
      readonly attempt?: number;
      /** The operator who has resolved it, where one was named. */
      readonly by?: string;
    })
  /** An attempt of `compensate` did not succeed. */
  | (StepEventBase & {
      readonly type: 'step.compensation-failed';
      /** What the attempt threw. */
      readonly error: StoredError;
      /** Milliseconds from `at` until the next attempt is due; absent when there is none in this round. */
      readonly retryIn?: number;
    })
  | (EventBase & { readonly type: 'saga.completed' })
  /** Everything that had to be undone is undone. */
  | (EventBase & {
      readonly type: 'saga.failed';
      /** Why it turned back. */
      readonly reason: TurnReason;
      /** What callers of `run()` get. */
      readonly error?: StoredError;
    })
  /** A compensation used up its attempts. */
  | (EventBase & {
      readonly type: 'saga.compensation-failed';
      /** Milliseconds from `at` until recovery opens the next round. */
      readonly retryIn: number;
      /** What callers of `run()` get. */
      readonly error?: StoredError;
    });

/** The `type` of a {@link SagaEvent}, which is also the type of its Server-Sent message. */
export type SagaEventType = SagaEvent['type'];
