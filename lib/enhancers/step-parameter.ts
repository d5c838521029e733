import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import { SagaExecutionContext } from './saga-execution-context.js';

/** A pipe that a parameter goes through: a class, which Nest instantiates, or an instance. */
export type ParameterPipe = Type<PipeTransform> | PipeTransform;

/** A decorator for a parameter of `act` or `compensate`, used like Nest's own `@Body()`. */
export interface StepParameterDecorator {
  (...pipes: readonly ParameterPipe[]): ParameterDecorator;
  /** Only this property of the value. */
  (property: string, ...pipes: readonly ParameterPipe[]): ParameterDecorator;
}

/** Makes a decorator for something that the saga's execution context knows. */
export function stepParameter(read: (context: SagaExecutionContext) => unknown): StepParameterDecorator {
  return createParamDecorator((property: string | undefined, context: ExecutionContext) => {
    const value = read(SagaExecutionContext.create(context));
    return property === undefined ? value : (value as Record<string, unknown> | undefined)?.[property];
  });
}
