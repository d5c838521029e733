/** Contexts and steps that the type tests share. */
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import type {
  PivotStepHandler,
  RetriableStepHandler,
  SagaStepHandler,
  StepExecution,
} from '../../lib/definition/step-handler.js';

export interface OrderContext {
  orderId: string;
  amount: number;
  paymentId?: string;
}

export interface Payment {
  id: string;
}

export class Payments {
  charge(_orderId: string, _key: string): Promise<Payment> {
    return Promise.resolve({ id: 'p1' });
  }
}

@SagaStep()
export class ReserveInventory implements SagaStepHandler<{ orderId: string }> {
  async act(context: { orderId: string }): Promise<void> {
    await Promise.resolve(context.orderId);
  }
  compensate(): void {}
}

@SagaStep({ timeout: 5_000, retry: { retryCount: 3 }, compensation: { onExhausted: 'halt' } })
export class ChargePayment implements SagaStepHandler<OrderContext, Payment> {
  constructor(private readonly payments: Payments) {}
  async act(context: OrderContext, execution: StepExecution): Promise<Payment> {
    return this.payments.charge(context.orderId, execution.idempotencyKey);
  }
  async compensate(context: OrderContext, payment: Payment | undefined): Promise<void> {
    context.paymentId = payment?.id ?? '';
    await Promise.resolve();
  }
}

@SagaStep({ kind: 'pivot' })
export class PlaceOrder implements PivotStepHandler<{ amount: number }, number> {
  act(context: { amount: number }): number {
    return context.amount;
  }
}

@SagaStep({ kind: 'retriable', retry: { retryDelay: 10 } })
export class ShipOrder implements RetriableStepHandler<{ orderId: string; address: string }> {
  act(): void {}
}
