import type { Observable } from 'rxjs';
import type { Phase } from '../storage/log-entry.js';

/** How an act ended, as its compensation sees it: it returned, it threw, or nobody can tell. */
export type ActOutcome = 'completed' | 'failed' | 'unknown';

/** What a step's phase knows about the attempt that it is. */
export interface StepExecution {
  /** The saga's id. */
  readonly sagaId: string;
  /** The name of the saga definition. */
  readonly sagaName: string;
  /** The step's name in the plan; its class's, unless `@SagaStep({ name })` says otherwise. */
  readonly stepName: string;
  /** Whether it is done or undone. */
  readonly phase: Phase;
  /** Counts every attempt of this phase, interrupted ones too; the first is 1. */
  readonly attempt: number;
  /**
   * `<sagaId>:<step>:<phase>`: the same for every attempt of this phase, whichever process makes it. Hand it to the other
   * side, so that it can tell a repetition from a second order; payment providers take it as `Idempotency-Key`.
   */
  readonly idempotencyKey: string;
  /**
   * The key that every attempt of `act` carries, in `compensate` too: what it names is to be undone, whether or not anybody
   * knows that it happened. In `act` it is the `idempotencyKey`.
   */
  readonly actKey: string;
  /** Fires when this attempt has timed out, when the worker has lost the saga, and when a shutdown's grace period is over. */
  readonly signal: AbortSignal;
  /** In `compensate`: how the act ended. `undefined` in `act`. */
  readonly outcome: ActOutcome | undefined;
  /**
   * Makes the context so far durable in the middle of the phase, so that a half-done act leaves behind what its
   * compensation needs. An act that throws after it counts as `unknown`.
   *
   * @throws once this attempt has ended, and when the saga is no longer this worker's.
   */
  save(): Promise<void>;
}

/** What the phases of a step with `transactional: true` know: the transaction that its completion commits. */
export interface TransactionalExecution<Transaction = unknown> extends StepExecution {
  /**
   * The storage's transaction, in the terms of its client: `TransactionOf<typeof storage>`. What is written through it and the note that
   * the step is done are one commit; when the phase throws or takes too long, both are rolled back. It is dead once the phase has ended.
   */
  readonly transaction: Transaction;
}

/** What a phase may return: a value, a promise of it, or an observable whose last value counts, as in Nest's controllers. */
export type StepReturn<R> = Promise<R> | R | Observable<R>;

// `act` and `compensate` are properties, not methods: the compiler checks the parameters of a property contravariantly,
// while those of a method may be narrower than what they are given.

/**
 * A step that can be undone, the default kind. A step asks for as much of the context as it needs, so that it can serve
 * several sagas.
 *
 * - `act` does it. What it returns is stored and handed to `compensate`. When it throws, it did not happen.
 * - `compensate` undoes it. The result is `undefined` when the act returned nothing or its outcome is not known; then
 *   `execution.actKey` names what is to be undone.
 */
export interface SagaStepHandler<C extends object, R = void, E extends StepExecution = StepExecution> {
  /** Does it. What it returns is stored, and handed to `compensate`. */
  act: (context: C, execution: E) => StepReturn<R>;
  /** Undoes it, as often as it takes. To undo what is undone, or never happened, is success. */
  compensate: (context: C, result: R | undefined, execution: E) => StepReturn<void>;
}

/** The step after whose success the saga only goes forward. It has nothing to undo. */
export interface PivotStepHandler<C extends object, R = void, E extends StepExecution = StepExecution> {
  /** Does what cannot be undone. While its outcome is unknown it is called again, with the same key. */
  act: (context: C, execution: E) => StepReturn<R>;
  /** None: there is nothing to undo. */
  compensate?: never;
}

/** A step behind the pivot, acted until it succeeds. */
export interface RetriableStepHandler<C extends object, R = void, E extends StepExecution = StepExecution> {
  /** Called until it succeeds. */
  act: (context: C, execution: E) => StepReturn<R>;
  /** None: behind the pivot nothing is undone. */
  compensate?: never;
}

/** A step that changes nothing outside, so that there is nothing to undo. */
export interface ReadonlyStepHandler<C extends object, R = void, E extends StepExecution = StepExecution> {
  /** Looks something up. */
  act: (context: C, execution: E) => StepReturn<R>;
  /** None: there is nothing to undo. */
  compensate?: never;
}

/** Any handler that a context of type `C` can be given to, whatever its kind and its result. */
export interface StepHandler<in C extends object> {
  /** The forward phase. */
  act: (context: C, execution: TransactionalExecution<never>) => unknown;
  /** The phase that undoes it; only compensatable steps have it. */
  compensate?: (context: C, result: never, execution: TransactionalExecution<never>) => unknown;
}

/** The class of a step, which is the token of its provider. */
export type StepClass<C extends object> = abstract new (...args: never[]) => StepHandler<C>;
