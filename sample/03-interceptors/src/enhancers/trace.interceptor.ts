import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { SagaExecutionContext } from 'nest-saga';
import { Observable } from 'rxjs';
import { Trace } from './trace.js';

interface Traced {
  readonly trace: string;
}

/**
 * Lets each step run in the trace that the saga was started in. The id is kept in the saga's context, so that it is there
 * as well when another process recovers the saga.
 */
@Injectable()
export class TraceInterceptor implements NestInterceptor {
  constructor(private readonly trace: Trace) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { trace } = SagaExecutionContext.create(context).getContext<Traced>();
    return new Observable((subscriber) => this.trace.run(trace, () => next.handle().subscribe(subscriber)));
  }
}
