import { Injectable, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel';
import { InMemorySagaStorage, Saga, SagaDefinition, SagaStep, type SagaHandle, type SagaStorage } from 'nest-saga';

// What the examples in doc comments are about. They are compiled with it.

export class OrderContext {
  orderId = '';
}

export interface Payment {
  readonly id: string;
}

@Injectable()
export class OrderIsOpen implements PipeTransform<OrderContext, OrderContext> {
  transform(order: OrderContext): OrderContext {
    return order;
  }
}

class OrderStep {
  async act(_order: OrderContext): Promise<void> {}

  async compensate(_order: OrderContext): Promise<void> {}
}

@SagaStep()
export class ReserveInventory extends OrderStep {}

@SagaStep()
export class ChargePayment extends OrderStep {}

@SagaStep()
export class ChargeCard extends OrderStep {}

@SagaStep()
export class ChargeWallet extends OrderStep {}

@SagaStep()
export class ShipOrder extends OrderStep {}

@Saga({ context: OrderContext, steps: [ReserveInventory, ChargePayment, ShipOrder] })
export class OrderSaga extends SagaDefinition<OrderContext> {}

export declare const context: ExecutionContext;
export declare const handle: SagaHandle<OrderSaga>;
export declare const error: unknown;
export const storage: SagaStorage = new InMemorySagaStorage();
export const breaker = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) });
