import type { StepClass } from './step-handler.js';

/** A place in a saga's plan: a step, or a {@link fallback} of two places. */
export type SagaNode<C extends object> = StepClass<C> | FallbackNode<C>;

/** What {@link fallback} makes. */
export type FallbackNode<C extends object> = FallbackOptions & {
  readonly type: 'fallback';
  /** Acts first. */
  readonly primary: SagaNode<C>;
  /** Acts when every attempt of the primary has failed, on the context as it was before. */
  readonly backup: SagaNode<C>;
};

/** When the backup of a {@link fallback} acts, and what stands around its primary. */
export interface FallbackOptions {
  /** For which errors of the primary the backup acts; for others the saga turns back. Default: for all. */
  readonly on?: (error: unknown) => boolean;
  /** Runs around the primary's act: a circuit breaker, for instance. What it throws counts as thrown by the primary. */
  readonly policy?: ExecutionPolicy;
}

/** Anything that runs a function by a rule of its own; cockatiel's policies are such. */
export interface ExecutionPolicy {
  /** Calls `fn`, or refuses to; passes on what it returns or throws. */
  execute<T>(fn: () => PromiseLike<T> | T): Promise<T>;
}

/**
 * Two ways to the same end: when every attempt of `primary` has failed, the context is put back and `backup` acts. Only
 * the one that acted is compensated. Both may be fallbacks themselves. It is Randell's recovery block (1975) for steps.
 *
 * ```ts
 * @Saga({ steps: [ReserveInventory, fallback(ChargeCard, ChargeWallet, { policy: breaker })] })
 * class OrderSaga extends SagaDefinition<OrderContext> {}
 * ```
 */
export function fallback<A extends object, B extends object>(
  primary: SagaNode<A>,
  backup: SagaNode<B>,
  options: FallbackOptions = {},
): FallbackNode<A & B> {
  return { ...options, type: 'fallback', primary, backup };
}
