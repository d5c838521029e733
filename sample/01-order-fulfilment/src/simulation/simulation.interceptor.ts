import { setTimeout as sleep } from 'node:timers/promises';
import {
  BadGatewayException,
  ConflictException,
  HttpException,
  HttpStatus,
  Injectable,
  UnprocessableEntityException,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { SagaExecutionContext } from 'nest-saga';
import type { Observable } from 'rxjs';
import type { OrderContext } from '../orders/order-context.js';
import type { StepName } from './simulation.js';

const FAILURES: Record<StepName, () => HttpException> = {
  'reserve-inventory': () => new ConflictException('A book is out of stock.'),
  'charge-payment': () => new HttpException('The card was declined.', HttpStatus.PAYMENT_REQUIRED),
  'ship-order': () => new UnprocessableEntityException('Nobody delivers to this address.'),
};

/** Stands around each step of the saga and lets go wrong what the order asks for, so that the steps need not know of it. */
@Injectable()
export class SimulationInterceptor implements NestInterceptor {
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const saga = SagaExecutionContext.create(context);
    const { simulate = {} } = saga.getContext<OrderContext>();
    const { phase, stepName, attempt, signal } = saga.getExecution();

    if (simulate.delayMs) await sleep(simulate.delayMs, undefined, { signal });
    if (phase === 'act' && stepName === simulate.failAt) throw FAILURES[simulate.failAt]();
    if (phase === 'compensate' && stepName === simulate.failCompensationAt) {
      if (attempt <= (simulate.compensationFailures ?? Infinity))
        throw new BadGatewayException('No answer from the other side.');
    }
    return next.handle();
  }
}
