import type { Type } from '@nestjs/common';
import { Saga, SagaDefinition, SagaStep, type SagaStepHandler } from 'nest-saga';
import { ORDER_PROVIDERS } from './application.js';
import {
  ChargePayment,
  ORDER_STEPS,
  OrderSaga,
  ReserveInventory,
  type Order,
  type OrderStep,
  type Receipt,
} from './order-saga.js';

/** A saga as both sides run it. */
export interface BenchSaga {
  readonly saga: Type<SagaDefinition<Order>>;
  readonly providers: readonly Type[];
  /** Its steps, for the floor. */
  readonly steps: readonly OrderStep[];
  /** Whether its last step throws. */
  readonly fails?: true;
}

/** Three trivial steps. */
export const threeSteps: BenchSaga = { saga: OrderSaga, providers: ORDER_PROVIDERS, steps: ORDER_STEPS };

@SagaStep({ name: 'ship-order' })
class RefuseOrder implements SagaStepHandler<Order, Receipt> {
  act(): Promise<Receipt> {
    return Promise.reject(new Error('no parcel service goes there'));
  }

  async compensate(): Promise<void> {}
}

@Saga({ name: 'refused-order', steps: [ReserveInventory, ChargePayment, RefuseOrder] })
class RefusedOrderSaga extends SagaDefinition<Order> {}

/** The third step fails, and two are undone. */
export const lastStepFails: BenchSaga = {
  saga: RefusedOrderSaga,
  providers: [RefusedOrderSaga, ReserveInventory, ChargePayment, RefuseOrder],
  steps: [...ORDER_STEPS.slice(0, 2), { name: 'ship-order', handler: new RefuseOrder() }],
  fails: true,
};

/** A step of its own class, since a saga has each class once. */
function packItem(n: number): Type<SagaStepHandler<Order, Receipt>> {
  @SagaStep({ name: `pack-item-${n}` })
  class PackItem implements SagaStepHandler<Order, Receipt> {
    async act(order: Order): Promise<Receipt> {
      order.parcelId = `parcel-${n}`;
      return { id: `parcel-${n}` };
    }

    async compensate(order: Order): Promise<void> {
      delete order.parcelId;
    }
  }
  return PackItem;
}

const PACKING = Array.from({ length: 10 }, (_, n) => packItem(n));

@Saga({ name: 'long-order', steps: [...PACKING] })
class LongOrderSaga extends SagaDefinition<Order> {}

/** Ten trivial steps. */
export const tenSteps: BenchSaga = {
  saga: LongOrderSaga,
  providers: [LongOrderSaga, ...PACKING],
  steps: PACKING.map((PackItem, n) => ({ name: `pack-item-${n}`, handler: new PackItem() as OrderStep['handler'] })),
};
