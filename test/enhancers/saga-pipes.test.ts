import { afterEach, describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  Inject,
  Injectable,
  Module,
  Scope,
  UseGuards,
  UsePipes,
  type PipeTransform,
} from '@nestjs/common';
import { APP_PIPE, REQUEST } from '@nestjs/core';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import type { StepExecution } from '../../lib/definition/step-handler.js';
import { Execution } from '../../lib/enhancers/execution.decorator.js';
import { SagaContext } from '../../lib/enhancers/saga-context.decorator.js';
import type { SagaRequest } from '../../lib/enhancers/saga-request.js';
import { StepResult } from '../../lib/enhancers/step-result.decorator.js';
import { recording } from './recording.js';
import { StepInvocations } from './step-invocations.js';

const log: unknown[] = [];
let application: StepInvocations | undefined;

afterEach(async () => {
  await application?.app.close();
  log.length = 0;
});

/** A pipe that leaves its name behind each value that passes. */
const signing = (name: string): PipeTransform => ({ transform: (value: unknown) => `${String(value)} ${name}` });

@SagaStep()
class Charge {
  async act(_context: object, _execution: StepExecution, @SagaContext('orderId') orderId?: string): Promise<string> {
    log.push(orderId);
    return 'payment';
  }

  async compensate(
    _context: object,
    @StepResult() payment: string | undefined,
    _execution: StepExecution,
    @Execution('sagaId') sagaId?: string,
  ): Promise<void> {
    log.push(payment, sagaId);
  }
}

const context = { orderId: 'o-1' };

describe("The pipes of a saga's class", () => {
  it('run for every decorated parameter of its steps, in both phases', async () => {
    @UsePipes(signing('first'), signing('second'))
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    await application.act(OrderSaga, Charge, { context });
    await application.compensate(OrderSaga, Charge, { context, result: 'payment' });
    expect(log).toEqual(['o-1 first second', 'payment first second', 'saga-1 first second']);
  });

  it("run before the application's where inheritAppConfig is true, as its guards do", async () => {
    const lines: string[] = [];
    @Module({ providers: [{ provide: APP_PIPE, useValue: recording('APP', lines).pipe }] })
    class GlobalsModule {}
    @UsePipes(recording('saga', lines).pipe)
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<object> {}
    const parts = { providers: [OrderSaga, Charge], imports: [GlobalsModule], inheritAppConfig: true };
    application = await StepInvocations.in(parts);
    await application.act(OrderSaga, Charge, { context });
    expect(lines).toEqual(['saga pipe', 'APP pipe']);
  });

  it('are those of the saga that runs, for a step that two sagas have', async () => {
    @UsePipes(signing('of an order'))
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<object> {}
    @UsePipes(signing('of a booking'))
    @Saga({ steps: [Charge] })
    class BookingSaga extends SagaDefinition<object> {}
    @Saga({ steps: [Charge] })
    class PlainSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({ providers: [OrderSaga, BookingSaga, PlainSaga, Charge] });
    for (const saga of [OrderSaga, BookingSaga, PlainSaga]) await application.act(saga, Charge, { context });
    expect(log).toEqual(['o-1 of an order', 'o-1 of a booking', 'o-1']);
  });

  it('have a failed act when one throws, since the handler was not called', async () => {
    const refuse: PipeTransform = {
      transform: () => {
        throw new BadRequestException('closed');
      },
    };
    @UsePipes(refuse)
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    const { error, outcome } = await application.act(OrderSaga, Charge, { context });
    expect(error).toEqual(new BadRequestException('closed'));
    expect(outcome).toBe('failed');
    expect(log).toEqual([]);
  });

  it('may be classes, with what the module of the saga provides injected', async () => {
    @Injectable()
    class Shop {
      readonly name = 'in Berlin';
    }
    @Injectable()
    class OfShop implements PipeTransform<string> {
      constructor(private readonly shop: Shop) {}
      transform(value: string) {
        return `${value} ${this.shop.name}`;
      }
    }
    @UsePipes(OfShop)
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<object> {}
    @Module({ providers: [OrderSaga, Shop] })
    class OrdersModule {}
    application = await StepInvocations.in({ imports: [OrdersModule], providers: [Charge] });
    await application.act(OrderSaga, Charge, { context });
    expect(log).toEqual(['o-1 in Berlin']);
  });

  it('are made for each execution where they are request-scoped', async () => {
    let made = 0;
    @Injectable({ scope: Scope.REQUEST })
    class OfSaga implements PipeTransform<string> {
      readonly number = ++made;
      constructor(@Inject(REQUEST) private readonly request: SagaRequest) {}
      transform(value: string) {
        return `${value} of ${this.request.sagaId}, by ${this.number}`;
      }
    }
    @UsePipes(OfSaga)
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    const scope = {};
    await application.act(OrderSaga, Charge, { context, scope });
    await application.act(OrderSaga, Charge, { context, scope });
    await application.act(OrderSaga, Charge, { context, sagaId: 'saga-2' });
    expect(log).toEqual(['o-1 of saga-1, by 1', 'o-1 of saga-1, by 1', 'o-1 of saga-2, by 2']);
  });

  it('may be transient', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Sign implements PipeTransform<string> {
      readonly name = 'signed';
      transform(value: string) {
        return `${value} ${this.name}`;
      }
    }
    @UsePipes(Sign)
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    await application.act(OrderSaga, Charge, { context });
    expect(log).toEqual(['o-1 signed']);
  });

  it('are replaced by a test as any other pipe is', async () => {
    @Injectable()
    class Refuse implements PipeTransform {
      transform(): never {
        throw new BadRequestException('closed');
      }
    }
    @UsePipes(Refuse)
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({
      providers: [OrderSaga, Charge],
      override: (builder) => builder.overridePipe(Refuse).useValue(signing('replaced')),
    });
    await application.act(OrderSaga, Charge, { context });
    expect(log).toEqual(['o-1 replaced']);
  });

  it('cost nothing where a step has no decorated parameters: its handler is called at once', async () => {
    @SagaStep()
    class Ship {
      async act(orderContext: object): Promise<void> {
        log.push(orderContext);
      }
      async compensate(): Promise<void> {}
    }
    @UsePipes(signing('saga'))
    @Saga({ steps: [Ship] })
    class OrderSaga extends SagaDefinition<object> {}
    @UseGuards({ canActivate: () => true })
    @Saga({ steps: [Ship] })
    class GuardedSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({ providers: [OrderSaga, GuardedSaga, Ship] });
    const acted = application.act(OrderSaga, Ship, { context });
    expect(log).toEqual([context]);
    const guarded = application.act(GuardedSaga, Ship, { context });
    expect(log).toHaveLength(1);
    await Promise.all([acted, guarded]);
    expect(log).toEqual([context, context]);
  });
});
