import type { AnySagaClass } from '../definition/saga-definition.js';
import type { StepExecution } from '../definition/step-handler.js';

/**
 * What `getArgs()` gives in every enhancer of a step, in both phases: the context, what the act returned (in `act`,
 * and where it is not known: `undefined`), the execution, and the class of the saga. {@link SagaExecutionContext} reads it.
 */
export type StepArguments<E extends StepExecution = StepExecution> = [
  context: object,
  result: unknown,
  execution: E,
  saga: AnySagaClass,
];
