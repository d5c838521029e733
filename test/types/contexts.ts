/** Contexts and good steps that the type tests share. That this file compiles, with no cast, is a test of its own. */
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import type {
  PivotStepHandler,
  ReadonlyStepHandler,
  RetriableStepHandler,
  SagaStepHandler,
  StepExecution,
} from '../../lib/definition/step-handler.js';
import { of, type Observable } from 'rxjs';

export interface OrderContext {
  orderId: string;
  amount: number;
  paymentId?: string;
}

export class AddressedOrder {
  orderId!: string;
  amount!: number;
  address!: string;
}

export interface Payment {
  id: string;
}

export class PaymentsClient {
  charge(_orderId: string, key: string): Promise<Payment> {
    return Promise.resolve({ id: key });
  }
}

/** Asks for less than the whole context, so that it serves several sagas. */
@SagaStep()
export class ReserveInventory implements SagaStepHandler<{ orderId: string }> {
  act(_context: { orderId: string }): void {}
  compensate(_context: { orderId: string }): void {}
}

@SagaStep({
  name: 'charge',
  timeout: 5_000,
  retry: { retryCount: 3, retryIf: (error) => error instanceof TypeError },
  compensation: { onExhausted: 'halt', timeout: 1_000 },
  compensateOnFailure: true,
})
export class ChargePayment implements SagaStepHandler<OrderContext, Payment> {
  constructor(private readonly payments: PaymentsClient) {}

  async act(context: OrderContext, execution: StepExecution): Promise<Payment> {
    const payment = await this.payments.charge(context.orderId, execution.idempotencyKey);
    context.paymentId = payment.id;
    await execution.save();
    return payment;
  }

  async compensate(_context: OrderContext, payment: Payment | undefined, execution: StepExecution): Promise<void> {
    await this.payments.charge(payment?.id ?? '', execution.idempotencyKey);
  }
}

@SagaStep({ kind: 'pivot', retry: { retryCount: 2 } })
export class PlaceOrder implements PivotStepHandler<{ amount: number }, number> {
  act(context: { amount: number }): Observable<number> {
    return of(context.amount);
  }
}

@SagaStep({ kind: 'retriable', retry: { retryDelay: 10 } })
export class ShipOrder implements RetriableStepHandler<{ orderId: string; address: string }> {
  act(_context: { orderId: string; address: string }): void {}
}

@SagaStep({ kind: 'readonly' })
export class CheckStock implements ReadonlyStepHandler<object, boolean> {
  act(): boolean {
    return true;
  }
}

/** Without `implements`, and with properties for methods: the decorator checks it all the same. */
@SagaStep()
export class BookCourier {
  act = (context: { address: string }): Promise<{ booking: string }> => Promise.resolve({ booking: context.address });
  compensate = (_context: { address: string }, _booking?: { booking: string }): void => undefined;
}
