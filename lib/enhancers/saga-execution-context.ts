import type { ArgumentsHost, ContextType, ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { AnySagaClass } from '../definition/saga-definition.js';
import type { StepExecution } from '../definition/step-handler.js';
import type { StepArguments } from './step-arguments.js';

/** What `getType()` may say: `context.getType<SagaContextType>() === 'saga'` in enhancers that serve requests as well. */
export type SagaContextType = 'saga' | ContextType;

/**
 * The saga's view of an execution context, for guards, interceptors, filters and parameter decorators of steps, as
 * `GqlExecutionContext` is for resolvers:
 *
 * ```ts
 * const { sagaId, stepName, phase } = SagaExecutionContext.create(context).getExecution();
 * ```
 *
 * `getClass()` is the step's class in the step's own enhancers and the saga's class in those around them; `getHandler()`
 * stands for the step's method in all of them: `Reflector` finds on it what decorators put on the method. In a filter,
 * which Nest gives neither, both are `null`.
 */
export class SagaExecutionContext extends ExecutionContextHost {
  /**
   * Takes what Nest gave to the enhancer: an `ExecutionContext`, or a filter's `ArgumentsHost`.
   *
   * @throws {TypeError} for the context of anything but a saga's step. Ask `getType()` first where both can come.
   */
  static create(host: ArgumentsHost): SagaExecutionContext {
    if (host.getType<SagaContextType>() !== 'saga') {
      throw new TypeError(
        `SagaExecutionContext.create() was given a context of type '${host.getType()}', which no saga's step has. ` +
          "Where an enhancer serves requests too, ask context.getType<SagaContextType>() === 'saga' first.",
      );
    }
    const from = host as ExecutionContext;
    const context = new SagaExecutionContext(host.getArgs(), from.getClass(), from.getHandler());
    context.setType('saga');
    return context;
  }

  /** The saga's context as this attempt has it: what is changed in it is stored when the phase completes. */
  getContext<C extends object>(): C {
    return this.getStepArguments()[0] as C;
  }

  /** In `compensate`: what the act returned, `undefined` where that is not known. In `act`: `undefined`. */
  getResult<R>(): R | undefined {
    return this.getStepArguments()[1] as R | undefined;
  }

  /** Which attempt of which step's phase this is. */
  getExecution(): StepExecution {
    return this.getStepArguments()[2];
  }

  /** The class of the saga, for instance to read its metadata. */
  getSaga(): AnySagaClass {
    return this.getStepArguments()[3];
  }

  private getStepArguments(): StepArguments {
    return this.getArgs();
  }
}
