import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  BadRequestException,
  Injectable,
  UseGuards,
  UsePipes,
  ValidationPipe,
  type ExecutionContext,
  type PipeTransform,
} from '@nestjs/common';
import { IsPositive } from 'class-validator';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import type { StepExecution } from '../../lib/definition/step-handler.js';
import { Execution } from '../../lib/enhancers/execution.decorator.js';
import { SagaContext } from '../../lib/enhancers/saga-context.decorator.js';
import { StepResult } from '../../lib/enhancers/step-result.decorator.js';
import { StepInvocations } from './step-invocations.js';

class OrderContext {
  orderId = 'o-1';
  @IsPositive()
  amount = 42;
}

interface Payment {
  readonly id: string;
}

const got: unknown[][] = [];
let application: StepInvocations | undefined;

afterEach(async () => {
  await application?.app.close();
  got.length = 0;
});

describe('The arguments of a handler without parameter decorators', () => {
  @SagaStep()
  class Charge {
    async act(...args: unknown[]): Promise<void> {
      got.push(args);
    }
    async compensate(...args: unknown[]): Promise<void> {
      got.push(args);
    }
  }
  @Saga({ steps: [Charge] })
  class OrderSaga extends SagaDefinition<object> {}

  it('are the context and the execution in act, the result between them in compensate', async () => {
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    const context = new OrderContext();
    const acted = await application.act(OrderSaga, Charge, { context });
    const undone = await application.compensate(OrderSaga, Charge, { context, result: { id: 'p-1' } });
    expect(got).toEqual([
      [context, acted.attempt],
      [context, { id: 'p-1' }, undone.attempt],
    ]);
    expect(got[0]?.[0]).toBe(context);
  });

  it('are the same with a guard in between', async () => {
    @UseGuards({ canActivate: () => true })
    @SagaStep()
    class Guarded extends Charge {}
    @UseGuards({ canActivate: () => true })
    @Saga({ steps: [Guarded] })
    class GuardedSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({ providers: [GuardedSaga, Guarded] });
    const context = new OrderContext();
    const { attempt } = await application.compensate(GuardedSaga, Guarded, { context });
    expect(got).toEqual([[context, undefined, attempt]]);
  });
});

@Injectable()
class Rates {
  readonly factor = 100;
}

@Injectable()
class ToCents implements PipeTransform<number> {
  constructor(private readonly rates: Rates) {}
  transform(amount: number) {
    return amount * this.rates.factor;
  }
}

describe('Parameter decorators', () => {
  it('give the context, the result, the execution, or a property of them', async () => {
    @SagaStep()
    class Charge {
      async act(@SagaContext() context: OrderContext, @Execution() execution: StepExecution): Promise<Payment> {
        got.push([context, execution]);
        return { id: 'p-1' };
      }
      async compensate(
        _context: OrderContext,
        @StepResult() payment: Payment | undefined,
        _execution: StepExecution,
        @SagaContext('orderId') orderId?: string,
        @StepResult('id') id?: string,
        @Execution('idempotencyKey') key?: string,
      ): Promise<void> {
        got.push([payment, orderId, id, key]);
      }
    }
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<OrderContext> {}
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    const context = new OrderContext();
    const { attempt } = await application.act(OrderSaga, Charge, { context });
    await application.compensate(OrderSaga, Charge, { context, result: { id: 'p-1' } });
    await application.compensate(OrderSaga, Charge, { context });
    expect(got).toEqual([
      [context, attempt],
      [{ id: 'p-1' }, 'o-1', 'p-1', 'saga-1:Charge:compensate'],
      [undefined, 'o-1', undefined, 'saga-1:Charge:compensate'],
    ]);
  });

  it('leave the parameters beside them in their places', async () => {
    @SagaStep()
    class Charge {
      async act(
        context: OrderContext,
        execution: StepExecution,
        @SagaContext('amount') amount?: number,
      ): Promise<Payment> {
        got.push([context, execution, amount]);
        return { id: 'p-1' };
      }
      async compensate(
        @SagaContext() context: OrderContext,
        payment: Payment | undefined,
        execution: StepExecution,
      ): Promise<void> {
        got.push([context, payment, execution]);
      }
    }
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<OrderContext> {}
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    const context = new OrderContext();
    const acted = await application.act(OrderSaga, Charge, { context });
    const undone = await application.compensate(OrderSaga, Charge, { context, result: { id: 'p-1' } });
    expect(got).toEqual([
      [context, acted.attempt, 42],
      [context, { id: 'p-1' }, undone.attempt],
    ]);
  });

  it('take pipes, with their dependencies injected', async () => {
    @SagaStep()
    class Charge {
      async act(_context: object, _execution: StepExecution, @SagaContext('amount', ToCents) cents?: number) {
        got.push([cents]);
      }
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<OrderContext> {}
    application = await StepInvocations.in({ providers: [OrderSaga, Charge, Rates] });
    await application.act(OrderSaga, Charge, { context: new OrderContext() });
    expect(got).toEqual([[4200]]);
  });

  it('have a failed act when a pipe throws, since the handler was not called', async () => {
    const refuse: PipeTransform = {
      transform: () => {
        throw new BadRequestException('closed');
      },
    };
    @SagaStep()
    class Charge {
      async act(@SagaContext(refuse) context: object): Promise<void> {
        got.push([context]);
      }
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<OrderContext> {}
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    const { error, outcome } = await application.act(OrderSaga, Charge);
    expect(error).toEqual(new BadRequestException('closed'));
    expect(outcome).toBe('failed');
    expect(got).toEqual([]);
  });

  it('show pipes of method and class the decorated parameters only', async () => {
    const seen: unknown[] = [];
    const note: PipeTransform = {
      transform: (value: unknown, { type, data }) => {
        seen.push({ value, type, data });
        return value;
      },
    };
    @UsePipes(note)
    @SagaStep()
    class Charge {
      @UsePipes(note)
      async act(
        _context: OrderContext,
        @Execution('attempt') _attempt: unknown,
        @SagaContext('amount') _amount?: number,
      ): Promise<void> {}
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<OrderContext> {}
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    await application.act(OrderSaga, Charge, { context: new OrderContext() });
    expect(seen).toHaveLength(4);
    expect(seen).toEqual(
      expect.arrayContaining([
        { value: 42, type: 'custom', data: 'amount' },
        { value: 1, type: 'custom', data: 'attempt' },
      ]),
    );
  });

  it('work on methods that a step inherits', async () => {
    abstract class Payments {
      async act(_: OrderContext, __: StepExecution, @SagaContext('orderId') orderId?: string): Promise<string> {
        return `${this.constructor.name} ${String(orderId)}`;
      }
      @UseGuards({ canActivate: (context: ExecutionContext) => context.getClass().name === 'CardPayments' })
      async compensate(_: OrderContext, @StepResult() result: string | undefined): Promise<void> {
        got.push([result]);
      }
    }
    @SagaStep()
    class CardPayments extends Payments {}
    @Saga({ steps: [CardPayments] })
    class OrderSaga extends SagaDefinition<OrderContext> {}
    application = await StepInvocations.in({ providers: [OrderSaga, CardPayments] });
    const context = new OrderContext();
    const { value } = await application.act(OrderSaga, CardPayments, { context });
    expect(value).toBe('CardPayments o-1');
    await application.compensate(OrderSaga, CardPayments, { context, result: 'p-1' });
    expect(got).toEqual([['p-1']]);
  });

  it('are not mixed up between two classes of one name', async () => {
    const make = (property: string, name: string) => {
      @SagaStep({ name })
      class Notify {
        async act(_: OrderContext, __: StepExecution, @SagaContext(property) value?: unknown): Promise<void> {
          got.push([value]);
        }
        async compensate(): Promise<void> {}
      }
      return Notify;
    };
    const [first, second] = [make('orderId', 'first'), make('amount', 'second')];
    @Saga({ steps: [first, second] })
    class OrderSaga extends SagaDefinition<OrderContext> {}
    application = await StepInvocations.in({ providers: [OrderSaga, first, second] });
    const context = new OrderContext();
    await application.act(OrderSaga, first, { context });
    await application.act(OrderSaga, second, { context });
    expect(got).toEqual([['o-1'], [42]]);
  });
});

describe("Nest's ValidationPipe on @SagaContext()", () => {
  async function actWith(pipe: ValidationPipe) {
    @SagaStep()
    class Charge {
      async act(@SagaContext(pipe) context: OrderContext): Promise<void> {
        got.push([context]);
      }
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<OrderContext> {}
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    const context = Object.assign(new OrderContext(), { amount: -1 });
    return { context, ...(await application.act(OrderSaga, Charge, { context })) };
  }

  it('looks at nothing by default: Nest counts this among custom decorators', async () => {
    const { context, error } = await actWith(new ValidationPipe());
    expect(error).toBeUndefined();
    expect(got[0]?.[0]).toBe(context);
  });

  it('validates with validateCustomDecorators, and the act has failed', async () => {
    const { error, outcome } = await actWith(new ValidationPipe({ validateCustomDecorators: true }));
    expect(error).toBeInstanceOf(BadRequestException);
    expect(outcome).toBe('failed');
  });

  it('gives the step a copy with transform: changes in that do not reach the saga', async () => {
    const pipe = new ValidationPipe({ validateCustomDecorators: true, transform: true, skipMissingProperties: true });
    @SagaStep()
    class Charge {
      async act(@SagaContext(pipe) context: OrderContext): Promise<void> {
        context.amount = 1;
      }
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<OrderContext> {}
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    const context = { orderId: 'o-1', amount: 42 };
    await application.act(OrderSaga, Charge, { context });
    expect(context.amount).toBe(42);
  });
});

describe('A handler', () => {
  it('may be a property that holds an arrow function', async () => {
    @UseGuards({ canActivate: () => true })
    @SagaStep()
    class Charge {
      readonly id = 'p-1';
      act = async () => this.id;
      compensate = async () => undefined;
    }
    @Saga({ steps: [Charge] })
    class OrderSaga extends SagaDefinition<OrderContext> {}
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    expect((await application.act(OrderSaga, Charge)).value).toBe('p-1');
  });

  it('may be spied on, and replaced, while the application runs', async () => {
    @SagaStep()
    class Ship {
      async act(): Promise<string> {
        return 'shipped';
      }
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Ship] })
    class OrderSaga extends SagaDefinition<OrderContext> {}
    application = await StepInvocations.in({ providers: [OrderSaga, Ship] });
    const spy = jest.spyOn(application.app.get(Ship), 'act').mockResolvedValueOnce('nowhere');
    expect((await application.act(OrderSaga, Ship)).value).toBe('nowhere');
    expect((await application.act(OrderSaga, Ship)).value).toBe('shipped');
    expect(spy).toHaveBeenCalledTimes(2);
  });

  it('may be an object that a test puts in the place of the class', async () => {
    @SagaStep()
    class Ship {
      async act(): Promise<string> {
        return 'shipped';
      }
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Ship] })
    class OrderSaga extends SagaDefinition<OrderContext> {}
    application = await StepInvocations.in({
      providers: [OrderSaga, Ship],
      override: (builder) =>
        builder.overrideProvider(Ship).useValue({ act: async () => 'fake', compensate: async () => undefined }),
    });
    expect((await application.act(OrderSaga, Ship)).value).toBe('fake');
  });
});
