import { Injectable } from '@nestjs/common';
import type { ContextType } from '../context/context-type.js';
import { defineSagaOptions } from './definition-metadata.js';
import type { FallbackNode, SagaNode } from './fallback.js';
import type { DefinitionChangePolicy } from './plan.js';
import type { CompensationOptions } from './retry-policy.js';
import type { SagaClass } from './saga-definition.js';
import type { StepClass } from './step-handler.js';

interface CommonSagaOptions {
  /** Unique within an application, and stored with each saga: renaming one strands those under way. Default: the class's name. */
  readonly name?: string;
  /** An integer of yours that is stored with each saga and shown to operators. Default: 1. */
  readonly version?: number;
  /** For the compensations of all steps that do not say otherwise. Default: the module's. */
  readonly compensation?: CompensationOptions;
  /** Milliseconds from creation after which a saga that has not passed its pivot turns back. Default: none. */
  readonly deadline?: number;
  /**
   * What becomes of a stored saga whose steps the code no longer has in this order. `'hold'` parks it, visible, until code
   * that matches comes along; `'compensate'` undoes it with the handlers that still exist. Default: `'hold'`.
   */
  readonly onDefinitionChange?: DefinitionChangePolicy;
}

/** What `@Saga()` stores about a class, whatever its context. */
export interface SagaOptions extends CommonSagaOptions {
  /** The class or Standard Schema of its context. Absent: a plain object, checked by the compiler only. */
  readonly context?: ContextType;
  /** Step classes and fallbacks, in order. An empty list completes at once. */
  readonly steps: readonly SagaNode<never>[];
}

/** Options of a saga whose context is a plain object: it is stored as it is, and checked by the compiler only. */
export interface SagaOptionsWithoutContext<Nodes extends readonly SagaNode<never>[]> extends CommonSagaOptions {
  /** None: a plain object. */
  readonly context?: undefined;
  /** In order. A step may ask for less than the whole context. */
  readonly steps: readonly [...Nodes];
}

/** Options of a saga whose context is checked before anything is stored, and restored by its class or schema. */
export interface SagaOptionsWithContext<C extends object> extends CommonSagaOptions {
  /** A class, whose decorators of class-validator are asked where that is installed; or a Standard Schema. */
  readonly context: ContextType<C>;
  /** In order. A step may ask for less than the whole context. */
  readonly steps: readonly SagaNode<NoInfer<C>>[];
}

/** What all of `Nodes` together ask of a context. */
type ContextFor<Nodes extends readonly unknown[]> = Nodes extends readonly [infer First, ...infer Rest]
  ? AskedBy<First> & ContextFor<Rest>
  : object;

type AskedBy<Node> =
  Node extends FallbackNode<infer C> ? C : Node extends StepClass<infer C extends object> ? C : object;

/**
 * Marks a class that extends `SagaDefinition` as a saga and makes it injectable; it has to be among the `providers` of a
 * module, like its steps. The compiler refuses a step that asks for more than the context has, and a class whose context
 * is another one. The idea is García-Molina's and Salem's ("Sagas", 1987).
 *
 * ```ts
 * @Saga({ context: OrderContext, steps: [ReserveInventory, ChargePayment, ShipOrder] })
 * class OrderSaga extends SagaDefinition<OrderContext> {}
 * ```
 */
export function Saga<Nodes extends readonly SagaNode<never>[]>(
  options: SagaOptionsWithoutContext<Nodes>,
): <C extends ContextFor<Nodes>>(target: SagaClass<C>) => void;
export function Saga<C extends object>(options: SagaOptionsWithContext<C>): (target: SagaClass<C>) => void;
export function Saga(options: SagaOptions): (target: new (...args: never[]) => unknown) => void {
  return (target) => {
    Injectable()(target);
    defineSagaOptions(target, options);
  };
}
