import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { timeout, type Observable } from 'rxjs';

const LIMIT_MS = 300;

/**
 * Gives a step up that takes too long. Nobody knows then whether it happened, so the saga compensates it like one that did.
 * (Where a fixed limit is all you want, `@SagaStep({ timeout: 300 })` is shorter, and lets the step's `signal` fire.)
 */
@Injectable()
export class TimeLimitInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(timeout(LIMIT_MS));
  }
}
