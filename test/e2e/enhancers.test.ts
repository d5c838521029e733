import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  ForbiddenException,
  Inject,
  Injectable,
  Module,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type ModuleMetadata,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_GUARD, REQUEST } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { catchError, map, of, retry, tap, timeout, TimeoutError } from 'rxjs';
import {
  Execution,
  InMemorySagaStorage,
  Saga,
  SagaContext,
  SagaDefinition,
  SagaExecutionContext,
  SagaModule,
  SagaRunner,
  SagaStep,
  StepResult,
  StepTimeoutError,
  type SagaModuleOptions,
  type SagaRequest,
  type StepExecution,
} from '../../lib/index.js';
import { QUICK } from './application.js';
import { eventually, Gate } from './eventually.js';

interface OrderContext {
  orderId: string;
  failAt?: string;
}

const effects: string[] = [];
const open: TestingModule[] = [];

afterEach(async () => {
  effects.length = 0;
  await Promise.all(open.splice(0).map((module) => module.close()));
});

async function start(metadata: ModuleMetadata, options: Partial<SagaModuleOptions> = {}): Promise<SagaRunner> {
  const { imports = [], ...rest } = metadata;
  const forRoot = SagaModule.forRoot({ storage: new InMemorySagaStorage(), ...QUICK, ...options });
  const module = await Test.createTestingModule({ ...rest, imports: [forRoot, ...imports] }).compile();
  module.useLogger(['fatal']);
  await module.init();
  open.push(module);
  return module.get(SagaRunner, { strict: false });
}

/** Writes down each phase that it is around. */
function passing(place: string): NestInterceptor {
  return {
    intercept: (context, next) => {
      const { stepName, phase } = SagaExecutionContext.create(context).getExecution();
      effects.push(`${place} > ${stepName} ${phase}`);
      return next.handle();
    },
  };
}

@SagaStep()
class Reserve {
  async act(): Promise<string> {
    effects.push('reserve');
    return 'reservation';
  }
  async compensate(_context: OrderContext, reservation: string | undefined): Promise<void> {
    effects.push(`release ${String(reservation)}`);
  }
}

describe('Enhancers of a saga that runs', () => {
  @UseInterceptors(passing('step'))
  @SagaStep()
  class Charge {
    @UseInterceptors(passing('method'))
    async act(@SagaContext() context: OrderContext): Promise<void> {
      effects.push('charge');
      if (context.failAt === 'charge') throw new ForbiddenException('no funds');
    }
    async compensate(): Promise<void> {
      effects.push('refund');
    }
  }

  @SagaStep()
  class Ship {
    async act(context: OrderContext): Promise<void> {
      if (context.failAt === 'ship') throw new Error('no truck');
    }
    async compensate(): Promise<void> {}
  }

  @UseInterceptors(passing('saga'))
  @Saga({ steps: [Charge, Ship] })
  class OrderSaga extends SagaDefinition<OrderContext> {}

  it('stand around act and compensate in the order module, saga, step class, method', async () => {
    const runner = await start({ providers: [OrderSaga, Charge, Ship] }, { interceptors: [passing('module')] });
    await expect(runner.run(OrderSaga, { orderId: 'o-1', failAt: 'ship' })).rejects.toThrow('no truck');
    expect(effects).toEqual([
      'module > Charge act',
      'saga > Charge act',
      'step > Charge act',
      'method > Charge act',
      'charge',
      'module > Ship act',
      'saga > Ship act',
      'module > Charge compensate',
      'saga > Charge compensate',
      'step > Charge compensate',
      'refund',
    ]);
  });

  it('run on steps of other modules, with dependencies of their own', async () => {
    @Injectable()
    class Names {
      readonly of = (step: string) => step.toUpperCase();
    }
    @Injectable()
    class Announce {
      constructor(private readonly names: Names) {}
      intercept(context: ExecutionContext, next: CallHandler) {
        effects.push(this.names.of(SagaExecutionContext.create(context).getExecution().stepName));
        return next.handle();
      }
    }
    @Module({ providers: [Announce, Names] })
    class AnnouncementsModule {}
    @Module({ providers: [OrderSaga, Charge, Ship] })
    class OrdersModule {}
    const runner = await start({ imports: [OrdersModule, AnnouncementsModule] }, { interceptors: [Announce] });
    await runner.run(OrderSaga, { orderId: 'o-1' });
    expect(effects.filter((effect) => effect === effect.toUpperCase())).toEqual(['CHARGE', 'SHIP']);
  });
});

/** A saga that reserves first, and then does a step whose act is decorated so. */
function sagaWith(act: (context: OrderContext) => unknown, ...decorators: readonly MethodDecorator[]) {
  @SagaStep()
  class Charge {
    async act(context: OrderContext): Promise<unknown> {
      effects.push('charge');
      return act(context);
    }
    async compensate(_context: OrderContext, result: unknown, execution: StepExecution): Promise<void> {
      effects.push(`refund ${String(result)}, ${String(execution.outcome)}`);
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Charge.prototype, 'act')!;
  for (const decorate of decorators) decorate(Charge.prototype, 'act', descriptor);

  @SagaStep()
  class Ship {
    async act(context: OrderContext): Promise<void> {
      if (context.failAt === 'ship') throw new Error('no truck');
    }
    async compensate(): Promise<void> {}
  }
  @Saga({ steps: [Reserve, Charge, Ship] })
  class OrderSaga extends SagaDefinition<OrderContext> {}
  return { OrderSaga, providers: [OrderSaga, Reserve, Charge, Ship] };
}

describe('What enhancers make of a step', () => {
  it('is a failed act where a guard refuses: it is not compensated, what came before it is', async () => {
    const { OrderSaga, providers } = sagaWith(() => 'paid', UseGuards({ canActivate: () => false }));
    const runner = await start({ providers });
    await expect(runner.run(OrderSaga, { orderId: 'o-1' })).rejects.toThrow(ForbiddenException);
    expect(effects).toEqual(['reserve', 'release reservation']);
  });

  it('is an unknown outcome where an interceptor times out: it is compensated, without a result', async () => {
    const impatient = UseInterceptors({
      intercept: (_: ExecutionContext, next: CallHandler) => next.handle().pipe(timeout(5)),
    });
    const { OrderSaga, providers } = sagaWith(() => new Promise(() => undefined), impatient);
    const runner = await start({ providers });
    await expect(runner.run(OrderSaga, { orderId: 'o-1' })).rejects.toThrow(TimeoutError);
    expect(effects).toEqual(['reserve', 'charge', 'refund undefined, unknown', 'release reservation']);
  });

  it('is what the interceptor maps it to, also for the compensation', async () => {
    const mapped = UseInterceptors({
      intercept: (_: ExecutionContext, next: CallHandler) => next.handle().pipe(map((paid) => `${String(paid)}!`)),
    });
    const { OrderSaga, providers } = sagaWith(() => 'paid', mapped);
    const runner = await start({ providers });
    await expect(runner.run(OrderSaga, { orderId: 'o-1', failAt: 'ship' })).rejects.toThrow('no truck');
    expect(effects).toContain('refund paid!, completed');
  });

  it('is completed where an interceptor swallows the error, or a filter answers for it', async () => {
    @Catch()
    class Answer {
      catch() {
        return 'paid later';
      }
    }
    const swallowing = UseInterceptors({
      intercept: (_: ExecutionContext, next: CallHandler) => next.handle().pipe(catchError(() => of('paid later'))),
    });
    for (const decorator of [swallowing, UseFilters(new Answer())]) {
      effects.length = 0;
      const { OrderSaga, providers } = sagaWith(() => Promise.reject(new Error('no funds')), decorator);
      const runner = await start({ providers });
      await expect(runner.run(OrderSaga, { orderId: 'o-1', failAt: 'ship' })).rejects.toThrow('no truck');
      expect(effects).toEqual(['reserve', 'charge', 'refund paid later, completed', 'release reservation']);
    }
  });

  it('is nothing where an interceptor only looks', async () => {
    const seen: unknown[] = [];
    const looking = UseInterceptors({
      intercept: (_: ExecutionContext, next: CallHandler) => next.handle().pipe(tap((value) => seen.push(value))),
    });
    const { OrderSaga, providers } = sagaWith(() => 'paid', looking);
    const runner = await start({ providers });
    await expect(runner.run(OrderSaga, { orderId: 'o-1' })).resolves.toEqual({ orderId: 'o-1' });
    expect(seen).toEqual(['paid']);
  });
});

describe('A step that has timed out', () => {
  const gate = new Gate();

  it('is not entered again by an interceptor that retries, nor late by a guard that was slow', async () => {
    @SagaStep({ timeout: 20 })
    class Charge {
      @UseInterceptors({ intercept: (_: ExecutionContext, next: CallHandler) => next.handle().pipe(retry(3)) })
      async act(_context: OrderContext, execution: StepExecution): Promise<void> {
        effects.push('charge');
        await new Promise((_, reject) =>
          execution.signal.addEventListener('abort', () => reject(new Error('stopped'))),
        );
      }
      async compensate(): Promise<void> {
        effects.push('refund');
        gate.open();
      }
    }
    @SagaStep({ timeout: 20 })
    class Ship {
      @UseGuards({ canActivate: () => gate.passed.then(() => true) })
      async act(): Promise<void> {
        effects.push('ship');
      }
      async compensate(): Promise<void> {
        effects.push('unship');
        gate.open();
      }
    }
    @Saga({ steps: [Charge] })
    class RetryingSaga extends SagaDefinition<OrderContext> {}
    @Saga({ steps: [Ship] })
    class GuardedSaga extends SagaDefinition<OrderContext> {}
    const runner = await start({ providers: [RetryingSaga, GuardedSaga, Charge, Ship] });
    await expect(runner.run(GuardedSaga, { orderId: 'o-1' })).rejects.toThrow(StepTimeoutError);
    await expect(runner.run(RetryingSaga, { orderId: 'o-1' })).rejects.toThrow(StepTimeoutError);
    expect(effects).toEqual(['unship', 'charge', 'refund']);
  });
});

describe('Parameter decorators', () => {
  it('are filled in both phases, the result as it was stored', async () => {
    @SagaStep()
    class Charge {
      async act(context: OrderContext, @Execution() execution: StepExecution): Promise<{ id: string }> {
        return { id: `${context.orderId}/${execution.idempotencyKey}` };
      }
      async compensate(_context: OrderContext, @StepResult('id') id: unknown): Promise<void> {
        effects.push(String(id));
      }
    }
    @SagaStep()
    class Ship {
      async act(): Promise<void> {
        throw new Error('no truck');
      }
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Charge, Ship] })
    class OrderSaga extends SagaDefinition<OrderContext> {}
    const runner = await start({ providers: [OrderSaga, Charge, Ship] });
    await expect(runner.run(OrderSaga, { orderId: 'o-1' }, { id: 'saga-1' })).rejects.toThrow('no truck');
    expect(effects).toEqual(['o-1/saga-1:Charge:act']);
  });
});

describe("The application's global guards", () => {
  const { OrderSaga, providers } = sagaWith(() => 'paid');
  @Injectable()
  class RefuseAll implements CanActivate {
    canActivate(): boolean {
      return false;
    }
  }
  const metadata = { providers: [...providers, { provide: APP_GUARD, useClass: RefuseAll }] };

  it('let steps alone', async () => {
    const runner = await start(metadata);
    await expect(runner.run(OrderSaga, { orderId: 'o-1' })).resolves.toEqual({ orderId: 'o-1' });
  });

  it('refuse steps where inheritAppConfig is true', async () => {
    const runner = await start(metadata, { inheritAppConfig: true });
    await expect(runner.run(OrderSaga, { orderId: 'o-1' })).rejects.toThrow(ForbiddenException);
    expect(effects).toEqual([]);
  });
});

describe('A request-scoped step', () => {
  let made = 0;

  @Injectable({ scope: Scope.REQUEST })
  class Trace {
    readonly number = ++made;
    constructor(@Inject(REQUEST) readonly request: SagaRequest) {}
  }
  abstract class TracedStep {
    @Inject() protected readonly trace!: Trace;
    protected note(what: string): void {
      effects.push(`${what}: ${this.trace.request.sagaId}, trace ${String(this.trace.number)}`);
    }
  }
  @SagaStep()
  class First extends TracedStep {
    async act(): Promise<void> {
      this.note('first');
    }
    async compensate(): Promise<void> {
      this.note('-first');
    }
  }
  @SagaStep()
  class Second extends TracedStep {
    async act(context: OrderContext, execution: StepExecution): Promise<void> {
      this.note('second');
      if (context.failAt === 'second') throw new Error('no second');
      if (context.failAt !== 'crash' || this.trace.number > 1) return;
      await new Promise((_, reject) => execution.signal.addEventListener('abort', reject));
    }
    async compensate(): Promise<void> {}
  }
  @Saga({ steps: [First, Second] })
  class TracedSaga extends SagaDefinition<OrderContext> {}
  const providers = [TracedSaga, First, Second, Trace];

  it('shares one DI context with all steps of its saga, whose view is the REQUEST', async () => {
    made = 0;
    const runner = await start({ providers });
    await expect(runner.run(TracedSaga, { orderId: 'o-1', failAt: 'second' }, { id: 'a' })).rejects.toThrow(
      'no second',
    );
    await runner.run(TracedSaga, { orderId: 'o-2' }, { id: 'b' });
    expect(effects).toEqual([
      'first: a, trace 1',
      'second: a, trace 1',
      '-first: a, trace 1',
      'first: b, trace 2',
      'second: b, trace 2',
    ]);
  });

  it('has one when another worker takes the saga over', async () => {
    made = 0;
    const storage = new InMemorySagaStorage();
    const first = await start({ providers }, { storage, shutdown: { gracePeriod: 1 } });
    await first.start(TracedSaga, { orderId: 'o-1', failAt: 'crash' }, { id: 'a' });
    await eventually(() => expect(effects).toContain('second: a, trace 1'));
    await open.pop()?.close();
    const second = await start({ providers }, { storage });
    await expect((await second.get('a')).result()).resolves.toMatchObject({ orderId: 'o-1' });
    expect(effects).toEqual(['first: a, trace 1', 'second: a, trace 1', 'second: a, trace 2']);
  });
});
