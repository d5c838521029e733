import { stepParameter, type StepParameterDecorator } from './step-parameter.js';

/**
 * Gives a parameter of `act` or `compensate` the {@link StepExecution}, or one property of it:
 *
 * ```ts
 * act(context: OrderContext, execution: StepExecution, @Execution('idempotencyKey') key?: string)
 * ```
 */
export const Execution: StepParameterDecorator = stepParameter((context) => context.getExecution());
