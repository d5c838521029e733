import { SagaStep, type SagaStepHandler, type StepExecution } from 'nest-saga';
import { PaymentsService, type Payment } from '../../services/payments.service.js';
import type { OrderContext } from '../order-context.js';

@SagaStep({ name: 'charge-payment' })
export class ChargePayment implements SagaStepHandler<OrderContext, Payment> {
  constructor(private readonly payments: PaymentsService) {}

  async act(order: OrderContext, execution: StepExecution): Promise<Payment> {
    const payment = await this.payments.charge(execution.idempotencyKey, order.amount);
    order.paymentId = payment.paymentId;
    return payment;
  }

  async compensate(_order: OrderContext, _payment: Payment | undefined, execution: StepExecution): Promise<void> {
    await this.payments.refund(execution.actKey);
  }
}
