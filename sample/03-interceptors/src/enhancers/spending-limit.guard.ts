import { ForbiddenException, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { SagaExecutionContext } from 'nest-saga';
import type { OrderContext } from '../orders/order.saga.js';

const LIMIT = 1000;

/** Refuses a step as it would refuse a request: the step is not called, has failed, and the saga goes back. */
@Injectable()
export class SpendingLimitGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { amount } = SagaExecutionContext.create(context).getContext<OrderContext>();
    if (amount > LIMIT) throw new ForbiddenException(`${amount} is more than ${LIMIT}, the most that may be charged.`);
    return true;
  }
}
