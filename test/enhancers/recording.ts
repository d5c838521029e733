import {
  Catch,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { tap } from 'rxjs';
import { SagaExecutionContext } from '../../lib/enhancers/saga-execution-context.js';

/** Enhancers of one place that write down when they run, and in which class and phase they find themselves. */
export function recording(place: string, log: string[]) {
  const note = (what: string, context: ExecutionContext) =>
    log.push(`${place} ${what} @ ${context.getClass().name}.${context.getHandler().name}`);
  const guard: CanActivate = {
    canActivate: (context) => {
      note('guard', context);
      return true;
    },
  };
  const interceptor: NestInterceptor = {
    intercept: (context, next) => {
      note('interceptor', context);
      const done = () => log.push(`${place} interceptor done`);
      return next.handle().pipe(tap({ next: done, error: done }));
    },
  };
  const pipe: PipeTransform = {
    transform: (value: unknown) => {
      log.push(`${place} pipe`);
      return value;
    },
  };
  @Catch()
  class Filter implements ExceptionFilter {
    catch(error: unknown, host: ArgumentsHost): never {
      log.push(`${place} filter: ${SagaExecutionContext.create(host).getExecution().stepName}`);
      throw error;
    }
  }
  return { guard, interceptor, pipe, filter: new Filter() };
}
