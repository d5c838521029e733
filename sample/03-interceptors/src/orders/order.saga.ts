import { setTimeout as sleep } from 'node:timers/promises';
import { UseGuards, UseInterceptors } from '@nestjs/common';
import { Saga, SagaDefinition, SagaStep, type SagaStepHandler, type StepExecution } from 'nest-saga';
import { MaskedCardInterceptor } from '../enhancers/masked-card.interceptor.js';
import { SpendingLimitGuard } from '../enhancers/spending-limit.guard.js';
import { TimeLimitInterceptor } from '../enhancers/time-limit.interceptor.js';
import { Bank, type Payment } from './bank.js';

export interface OrderContext {
  orderId: string;
  amount: number;
  carrier: 'van' | 'snail';
  /** The trace that the order came in with. */
  trace: string;
}

@SagaStep({ name: 'reserve-inventory' })
export class ReserveInventory implements SagaStepHandler<OrderContext> {
  async act(): Promise<void> {}

  async compensate(): Promise<void> {}
}

@SagaStep({ name: 'charge-payment' })
export class ChargePayment implements SagaStepHandler<OrderContext, Payment> {
  constructor(private readonly bank: Bank) {}

  // On the method, not on the class: a guard that refuses a compensation leaves the money taken.
  @UseGuards(SpendingLimitGuard)
  @UseInterceptors(MaskedCardInterceptor)
  act({ amount }: OrderContext, { idempotencyKey }: StepExecution): Promise<Payment> {
    return this.bank.charge(idempotencyKey, amount);
  }

  compensate(_order: OrderContext, _payment: Payment | undefined, { idempotencyKey }: StepExecution): Promise<void> {
    return this.bank.refund(idempotencyKey);
  }
}

@SagaStep({ name: 'ship-order' })
@UseInterceptors(TimeLimitInterceptor)
export class ShipOrder implements SagaStepHandler<OrderContext> {
  async act({ carrier }: OrderContext): Promise<void> {
    if (carrier === 'snail') await sleep(1000);
  }

  async compensate(): Promise<void> {}
}

@Saga({ name: 'order', steps: [ReserveInventory, ChargePayment, ShipOrder] })
export class OrderSaga extends SagaDefinition<OrderContext> {}
