import { SagaStep, type SagaStepHandler, type StepExecution } from 'nest-saga';
import { InventoryService, type Reservation } from '../../services/inventory.service.js';
import type { OrderContext } from '../order-context.js';

@SagaStep({ name: 'reserve-inventory' })
export class ReserveInventory implements SagaStepHandler<OrderContext, Reservation> {
  constructor(private readonly inventory: InventoryService) {}

  async act(order: OrderContext, execution: StepExecution): Promise<Reservation> {
    const reservation = await this.inventory.reserve(execution.idempotencyKey, order.items);
    order.reservationId = reservation.reservationId;
    return reservation;
  }

  async compensate(
    _order: OrderContext,
    _reservation: Reservation | undefined,
    execution: StepExecution,
  ): Promise<void> {
    await this.inventory.release(execution.actKey);
  }
}
