import { UnprocessableEntityException } from '@nestjs/common';
import { Saga, SagaDefinition, SagaStep, type SagaStepHandler, type StepExecution } from 'nest-saga';
import { Outside } from './outside.js';

export interface Order {
  orderId: string;
  amount: number;
  address: string;
}

@SagaStep({ name: 'reserve-inventory' })
export class ReserveInventory implements SagaStepHandler<Order> {
  constructor(private readonly outside: Outside) {}

  act(_order: Order, { idempotencyKey }: StepExecution): Promise<void> {
    return this.outside.request(idempotencyKey);
  }

  compensate(_order: Order, _result: unknown, { idempotencyKey }: StepExecution): Promise<void> {
    return this.outside.request(idempotencyKey);
  }
}

@SagaStep({ name: 'charge-payment' })
export class ChargePayment implements SagaStepHandler<Order> {
  constructor(private readonly outside: Outside) {}

  act(_order: Order, { idempotencyKey }: StepExecution): Promise<void> {
    return this.outside.request(idempotencyKey);
  }

  compensate(_order: Order, _result: unknown, { idempotencyKey }: StepExecution): Promise<void> {
    return this.outside.request(idempotencyKey);
  }
}

@SagaStep({ name: 'ship-order' })
export class ShipOrder implements SagaStepHandler<Order> {
  constructor(private readonly outside: Outside) {}

  act(order: Order, { idempotencyKey }: StepExecution): Promise<void> {
    if (order.address === 'nowhere') throw new UnprocessableEntityException('Nobody delivers to this address.');
    return this.outside.request(idempotencyKey);
  }

  compensate(_order: Order, _result: unknown, { idempotencyKey }: StepExecution): Promise<void> {
    return this.outside.request(idempotencyKey);
  }
}

@Saga({ name: 'order', steps: [ReserveInventory, ChargePayment, ShipOrder] })
export class OrderSaga extends SagaDefinition<Order> {}
