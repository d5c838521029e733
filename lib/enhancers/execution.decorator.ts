import { stepParameter, type StepParameterDecorator } from './step-parameter.js';

/**
 * Gives a parameter of `act` or `compensate` the {@link StepExecution}, or one property of it:
 *
 * ```ts
 * async act(order: OrderContext, execution: StepExecution, @Execution('idempotencyKey') key?: string): Promise<Payment> {
 *   return { id: `${key} of ${order.orderId}` };
 * }
 * ```
 */
export const Execution: StepParameterDecorator = stepParameter((context) => context.getExecution());
