import { Saga, SagaDefinition, SagaStep, type SagaStepHandler } from 'nest-saga';

/** What the benchmarks' sagas know: as little as a real one, and changed by each step as a real one. */
export interface Order {
  readonly orderId: string;
  readonly amount: number;
  reservationId?: string;
  paymentId?: string;
  parcelId?: string;
}

/** What a step leaves in the log. */
export interface Receipt {
  readonly id: string;
}

@SagaStep({ name: 'reserve-inventory' })
export class ReserveInventory implements SagaStepHandler<Order, Receipt> {
  async act(order: Order): Promise<Receipt> {
    order.reservationId = 'reservation-1';
    return { id: 'reservation-1' };
  }

  async compensate(order: Order): Promise<void> {
    delete order.reservationId;
  }
}

@SagaStep({ name: 'charge-payment' })
export class ChargePayment implements SagaStepHandler<Order, Receipt> {
  async act(order: Order): Promise<Receipt> {
    order.paymentId = 'payment-1';
    return { id: 'payment-1' };
  }

  async compensate(order: Order): Promise<void> {
    delete order.paymentId;
  }
}

@SagaStep({ name: 'ship-order' })
export class ShipOrder implements SagaStepHandler<Order, Receipt> {
  async act(order: Order): Promise<Receipt> {
    order.parcelId = 'parcel-1';
    return { id: 'parcel-1' };
  }

  async compensate(order: Order): Promise<void> {
    delete order.parcelId;
  }
}

/** Three trivial steps: what is left to be measured is the saga. */
@Saga({ name: 'order', steps: [ReserveInventory, ChargePayment, ShipOrder] })
export class OrderSaga extends SagaDefinition<Order> {}

/** A step as the floors call it, which know no Nest. */
export interface OrderStep {
  readonly name: string;
  readonly handler: {
    act(order: Order): Promise<Receipt>;
    compensate(order: Order): Promise<void>;
  };
}

/** The same handlers for the floors. */
export const ORDER_STEPS: readonly OrderStep[] = [
  { name: 'reserve-inventory', handler: new ReserveInventory() },
  { name: 'charge-payment', handler: new ChargePayment() },
  { name: 'ship-order', handler: new ShipOrder() },
];

export function newOrder(n: number): Order {
  return { orderId: `order-${n}`, amount: 42 };
}

/** Ascending, as ids of orders are; the floors get the same. */
export function orderId(n: number): string {
  return n.toString().padStart(12, '0');
}
