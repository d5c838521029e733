/** What `@SagaStep()` refuses. Every `@ts-expect-error` is a promise: the compiler fails where there is no error. */
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import type { PivotStepHandler, SagaStepHandler, StepExecution } from '../../lib/definition/step-handler.js';
import type { OrderContext, Payment } from './contexts.js';

// @ts-expect-error a step that can be undone needs a `compensate`
@SagaStep()
export class NoCompensate {
  act(_context: OrderContext): void {}
}

// @ts-expect-error a step acts
@SagaStep()
export class NoAct {
  compensate(_context: OrderContext): void {}
}

// @ts-expect-error a pivot has no `act` either
@SagaStep({ kind: 'pivot' })
export class PivotWithoutAct {}

// @ts-expect-error nothing undoes a pivot
@SagaStep({ kind: 'pivot' })
export class PivotThatCompensates {
  act(_context: OrderContext): void {}
  compensate(_context: OrderContext): void {}
}

// @ts-expect-error nothing undoes a retriable step
@SagaStep({ kind: 'retriable' })
export class RetriableThatCompensates {
  act(_context: OrderContext): void {}
  compensate(_context: OrderContext): void {}
}

// @ts-expect-error there is nothing to undo in a readonly step
@SagaStep({ kind: 'readonly' })
export class ReadonlyThatCompensates {
  act(_context: OrderContext): void {}
  compensate(_context: OrderContext): void {}
}

// @ts-expect-error `compensate` takes another result than `act` returns
@SagaStep()
export class OtherResult {
  act(_context: OrderContext): Promise<Payment> {
    return Promise.resolve({ id: 'p' });
  }
  compensate(_context: OrderContext, _result: string | undefined): void {}
}

// @ts-expect-error the result may be unknown, so `compensate` has to take `undefined`
@SagaStep()
export class NoUndefined {
  act(_context: OrderContext): Payment {
    return { id: 'p' };
  }
  compensate(_context: OrderContext, _result: Payment): void {}
}

// @ts-expect-error `act` and `compensate` share one context
@SagaStep()
export class TwoContexts {
  act(_context: { orderId: string }): void {}
  compensate(_context: { orderId: number }): void {}
}

// @ts-expect-error the third parameter is the execution
@SagaStep()
export class OtherExecution {
  act(_context: OrderContext): void {}
  compensate(_context: OrderContext, _result: undefined, _execution: { signal: string }): void {}
}

export class NarrowerContext implements SagaStepHandler<{ orderId: string }> {
  // @ts-expect-error the handler promises to work with less; as methods, this would be let through
  act(_context: OrderContext): void {}
  // @ts-expect-error the same holds on the way back
  compensate(_context: OrderContext): void {}
}

export class PivotHandlerThatCompensates implements PivotStepHandler<OrderContext> {
  act(_context: OrderContext): void {}
  // @ts-expect-error a pivot's handler has no `compensate`
  compensate(_context: OrderContext): void {}
}

// @ts-expect-error the interface asks for it, too
export class MissingCompensate implements SagaStepHandler<OrderContext> {
  act(_context: OrderContext): void {}
}

export const wrongOptions = [
  // @ts-expect-error a pivot has no compensation to retry
  SagaStep({ kind: 'pivot', compensation: { retryCount: 3 } }),
  // @ts-expect-error a pivot is never compensated
  SagaStep({ kind: 'pivot', compensateOnFailure: true }),
  // @ts-expect-error a retriable step is acted until it succeeds
  SagaStep({ kind: 'retriable', retry: { retryCount: 3 } }),
  // @ts-expect-error there is no such kind
  SagaStep({ kind: 'idempotent' }),
  // @ts-expect-error there is no such option
  SagaStep({ timout: 1_000 }),
  // @ts-expect-error there is no such option of a retry
  SagaStep({ retry: { retries: 3 } }),
  // @ts-expect-error there is no such policy
  SagaStep({ compensation: { onExhausted: 'stop' } }),
];

export function readonlyExecution(execution: StepExecution): void {
  // @ts-expect-error nobody numbers attempts but the engine
  execution.attempt = 2;
}
