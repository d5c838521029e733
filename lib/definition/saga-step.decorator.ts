import { Injectable } from '@nestjs/common';
import type { Scope } from '@nestjs/common';
import { defineStepOptions } from './definition-metadata.js';
import type { CompensationOptions, RetryPolicy } from './retry-policy.js';
import type {
  PivotStepHandler,
  ReadonlyStepHandler,
  RetriableStepHandler,
  SagaStepHandler,
  StepExecution,
  TransactionalExecution,
} from './step-handler.js';

interface StepOptions {
  /** Unique within a saga, and stored with it: renaming a step changes the definition. Default: the class's name. */
  readonly name?: string;
  /** Milliseconds that one attempt of `act` may take before its outcome counts as unknown. Default: no limit. */
  readonly timeout?: number;
  /** How often `act` is attempted. Default: once. */
  readonly retry?: RetryPolicy;
  /**
   * Runs `act` and `compensate` inside the storage's own transaction (`execution.transaction`), together with the note that they are done:
   * what they write there takes effect exactly once. Refused at bootstrap on a storage that has no transactions to share. Default: `false`.
   */
  readonly transactional?: boolean;
  /** The provider's scope. A request-scoped step gets one DI context per saga. Default: `Scope.DEFAULT`. */
  readonly scope?: Scope;
}

/** Options of a step that can be undone. */
export interface CompensatableStepOptions extends StepOptions {
  /** The default. */
  readonly kind?: 'compensatable';
  /** How often `compensate` is attempted, and what happens then. Default: the saga's, the module's, three times. */
  readonly compensation?: CompensationOptions;
  /** Whether an act that threw is compensated too, for steps that can fail half-way. Default: `false`. */
  readonly compensateOnFailure?: boolean;
}

interface ForwardOnlyStepOptions extends StepOptions {
  /** None: there is nothing to undo. */
  readonly compensation?: never;
  /** None: there is nothing to undo. */
  readonly compensateOnFailure?: never;
}

/** Options of the step after whose success the saga only goes forward. */
export interface PivotStepOptions extends ForwardOnlyStepOptions {
  readonly kind: 'pivot';
}

/** Options of a step behind the pivot. It has no `retryCount`: it is acted until it succeeds. */
export interface RetriableStepOptions extends ForwardOnlyStepOptions {
  readonly kind: 'retriable';
  /** The delays between its attempts; they go on until it succeeds. Default: those of `RetryPolicy`. */
  readonly retry?: Omit<RetryPolicy, 'retryCount'> & {
    /** None: no attempt is the last one. */
    readonly retryCount?: never;
  };
}

/** Options of a step that changes nothing. It has no `transactional`: there is nothing that would have to be committed with it. */
export interface ReadonlyStepOptions extends ForwardOnlyStepOptions {
  readonly kind: 'readonly';
  /** None: there is nothing to commit. */
  readonly transactional?: never;
}

/** What `@SagaStep()` takes; `kind` tells the four apart. */
export type SagaStepOptions = CompensatableStepOptions | PivotStepOptions | RetriableStepOptions | ReadonlyStepOptions;

interface Transactional<T extends boolean> {
  readonly transactional?: T;
}

/** What a handler may ask for: a transaction, of whatever type, only where there is one. */
type ExecutionOf<T extends boolean> = T extends true ? TransactionalExecution<never> : StepExecution;

type HandlerClass<H> = abstract new (...args: never[]) => H;

/**
 * Marks a class as a saga's step and makes it injectable; it still has to be among the `providers` of a module. The kind
 * decides which handler the class has to be: only a compensatable step has a `compensate`.
 *
 * ```ts
 * @SagaStep({ timeout: 5_000, retry: { retryCount: 3 } })
 * class ChargePayment implements SagaStepHandler<OrderContext, Payment> {
 *   async act(order: OrderContext, execution: StepExecution): Promise<Payment> {
 *     return { id: `${execution.idempotencyKey} of ${order.orderId}` };
 *   }
 *
 *   async compensate(order: OrderContext, payment: Payment | undefined): Promise<void> {}
 * }
 * ```
 */
export function SagaStep<const T extends boolean = false>(
  options: PivotStepOptions & Transactional<T>,
): <C extends object, R>(target: HandlerClass<PivotStepHandler<C, R, ExecutionOf<T>>>) => void;
export function SagaStep<const T extends boolean = false>(
  options: RetriableStepOptions & Transactional<T>,
): <C extends object, R>(target: HandlerClass<RetriableStepHandler<C, R, ExecutionOf<T>>>) => void;
export function SagaStep(
  options: ReadonlyStepOptions,
): <C extends object, R>(target: HandlerClass<ReadonlyStepHandler<C, R>>) => void;
export function SagaStep<const T extends boolean = false>(
  options?: CompensatableStepOptions & Transactional<T>,
): <C extends object, R>(target: HandlerClass<SagaStepHandler<C, R, ExecutionOf<T>>>) => void;
export function SagaStep(options: SagaStepOptions = {}): (target: HandlerClass<unknown>) => void {
  return (target) => {
    Injectable(options.scope === undefined ? {} : { scope: options.scope })(target);
    defineStepOptions(target, options);
  };
}
