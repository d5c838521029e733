import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Global, Injectable, Module, type CallHandler, type ExecutionContext } from '@nestjs/common';
import { Observable } from 'rxjs';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import { SagaExecutionContext } from '../../lib/enhancers/saga-execution-context.js';
import { StepInvocations } from './step-invocations.js';

@SagaStep()
class Charge {
  async act(): Promise<string> {
    return current.getStore() ?? 'charged';
  }
  async compensate(): Promise<void> {}
}

@Saga({ steps: [Charge] })
class OrderSaga extends SagaDefinition<object> {}

@Module({ providers: [Charge, OrderSaga] })
class OrdersModule {}

@Injectable()
class Journal {
  readonly lines: string[] = [];
}

@Global()
@Module({ providers: [Journal], exports: [Journal] })
class JournalModule {}

@Injectable()
class WriteDown {
  constructor(private readonly journal: Journal) {}
  intercept(context: ExecutionContext, next: CallHandler) {
    const { stepName, phase } = SagaExecutionContext.create(context).getExecution();
    this.journal.lines.push(`${stepName} ${phase}`);
    return next.handle();
  }
}

const current = new AsyncLocalStorage<string>();
let application: StepInvocations | undefined;

afterEach(() => application?.app.close());

describe("The module's interceptors", () => {
  it('run around steps of any module, with what they inject', async () => {
    application = await StepInvocations.in({ imports: [OrdersModule, JournalModule], interceptors: [WriteDown] });
    await application.act(OrderSaga, Charge);
    await application.compensate(OrderSaga, Charge);
    expect(application.app.get(Journal, { strict: false }).lines).toEqual(['Charge act', 'Charge compensate']);
  });

  it('are the provider itself where a module provides the class', async () => {
    @Module({ providers: [WriteDown, Journal], exports: [WriteDown] })
    class PrivateJournalModule {}
    application = await StepInvocations.in({
      imports: [OrdersModule, PrivateJournalModule],
      interceptors: [WriteDown],
    });
    await application.act(OrderSaga, Charge);
    expect(application.app.get(Journal, { strict: false }).lines).toEqual(['Charge act']);
  });

  it('stop the application from starting when a dependency is missing', async () => {
    await expect(StepInvocations.in({ imports: [OrdersModule], interceptors: [WriteDown] })).rejects.toThrow(/Journal/);
  });

  it('may open an asynchronous context that the handler runs in', async () => {
    application = await StepInvocations.in({
      imports: [OrdersModule],
      interceptors: [
        {
          intercept: (_, next) =>
            new Observable((subscriber) => current.run('in context', () => next.handle().subscribe(subscriber))),
        },
      ],
    });
    expect((await application.act(OrderSaga, Charge)).value).toBe('in context');
  });
});
