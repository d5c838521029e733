import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { SagaExecutionContext } from 'nest-saga';
import { tap, type Observable } from 'rxjs';
import { Trace } from './trace.js';

/** Logs each phase of each step: when it begins, and how it ends. It changes nothing. */
@Injectable()
export class LoggingInterceptor implements NestInterceptor {
  constructor(private readonly trace: Trace) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { stepName, phase } = SagaExecutionContext.create(context).getExecution();
    this.trace.log(`${stepName} ${phase} …`);
    return next.handle().pipe(
      tap({
        complete: () => this.trace.log(`${stepName} ${phase} ✓`),
        error: (error: unknown) => this.trace.log(`${stepName} ${phase} ✗ ${String(error)}`),
      }),
    );
  }
}
