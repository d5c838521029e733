import { SagaStep, type SagaStepHandler, type StepExecution } from 'nest-saga';
import { ShippingService, type Parcel } from '../../services/shipping.service.js';
import type { OrderContext } from '../order-context.js';

@SagaStep({ name: 'ship-order' })
export class ShipOrder implements SagaStepHandler<OrderContext, Parcel> {
  constructor(private readonly shipping: ShippingService) {}

  async act(order: OrderContext, execution: StepExecution): Promise<Parcel> {
    const parcel = await this.shipping.ship(execution.idempotencyKey, order.address);
    order.trackingNumber = parcel.trackingNumber;
    return parcel;
  }

  async compensate(_order: OrderContext, _parcel: Parcel | undefined, execution: StepExecution): Promise<void> {
    await this.shipping.recall(execution.actKey);
  }
}
