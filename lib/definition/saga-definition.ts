declare const CONTEXT: unique symbol;

/**
 * What a class marked {@link Saga} extends, so that its context type is known wherever the class is used:
 *
 * ```ts
 * @Saga({ context: OrderContext, steps: [ReserveInventory, ChargePayment] })
 * class OrderSaga extends SagaDefinition<OrderContext> {}
 * ```
 *
 * The brand exists for the compiler only. It is required and invariant: with an optional or covariant one, a saga whose
 * context has one property more than its steps were checked against would be accepted.
 */
export abstract class SagaDefinition<in out C extends object> {
  /** For the compiler; it does not exist at run time. */
  declare readonly [CONTEXT]: (context: C) => C;
}

/** A class that extends {@link SagaDefinition}: what a runner takes, and where it infers the context from. */
export type SagaClass<C extends object> = new (...args: never[]) => SagaDefinition<C>;

/** The class of a saga, whatever its context: since contexts are invariant, no `SagaClass` takes all of them. */
export type AnySagaClass = abstract new (...args: never[]) => object;

/**
 * The context of a saga definition, given the class's type (`typeof OrderSaga`) or its instance's (`OrderSaga`). Of a saga
 * of which nothing is known (`unknown`), some object; of a class that is no saga, `never`.
 */
export type ContextOf<S> = unknown extends S
  ? object
  : S extends SagaDefinition<infer C>
    ? C
    : S extends SagaClass<infer C>
      ? C
      : never;
