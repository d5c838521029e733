import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import type { Payment } from '../orders/bank.js';

/** Maps what the act returned, before it is stored: of the card's number only the end is kept, also for the compensation. */
@Injectable()
export class MaskedCardInterceptor implements NestInterceptor<Payment, Payment> {
  intercept(_context: ExecutionContext, next: CallHandler<Payment>): Observable<Payment> {
    return next.handle().pipe(map((payment) => ({ ...payment, card: `…${payment.card.slice(-4)}` })));
  }
}
