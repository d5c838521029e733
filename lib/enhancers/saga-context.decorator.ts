import { stepParameter, type StepParameterDecorator } from './step-parameter.js';

/**
 * Gives a parameter of `act` or `compensate` the saga's context, or one property of it, through pipes:
 *
 * ```ts
 * async act(@SagaContext(OrderIsOpen) order: OrderContext, execution: StepExecution): Promise<Payment> {
 *   return { id: `${execution.idempotencyKey} of ${order.orderId}` };
 * }
 * ```
 *
 * A pipe that returns another object gives the step a copy: what the step changes in that is not stored. Nest's
 * `ValidationPipe` looks at parameters with custom decorators, which this is, only with `validateCustomDecorators: true`.
 */
export const SagaContext: StepParameterDecorator = stepParameter((context) => context.getContext());
