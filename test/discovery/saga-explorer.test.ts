import { Inject, Injectable, Module, Scope, type Provider, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { fallback } from '../../lib/definition/fallback.js';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import type { RegisteredSaga } from '../../lib/discovery/registered-saga.js';
import type { RegisteredStep } from '../../lib/discovery/registered-step.js';
import { SagaExplorer, type ExplorerSettings } from '../../lib/discovery/saga-explorer.js';
import { SagaConfigurationError } from '../../lib/errors/saga-configuration-error.js';

@Injectable()
class PaymentsClient {}

@Injectable({ scope: Scope.REQUEST })
class RequestLog {}

const isTimeout = (error: unknown): boolean => error instanceof TypeError;
const policy = { execute: async <T>(fn: () => PromiseLike<T> | T): Promise<T> => fn() };

@SagaStep()
class Reserve {
  act(): void {}
  compensate(): void {}
}

@SagaStep({ retry: { retryCount: 2, retryIf: isTimeout } })
class Charge {
  constructor(readonly payments: PaymentsClient) {}
  act(): void {}
  compensate(): void {}
}

@SagaStep({ kind: 'readonly', name: 'check' })
class Check {
  act(): void {}
}

class OrderContext {
  orderId!: string;
}

@Saga({ context: OrderContext, version: 4, steps: [Check, fallback(Charge, Reserve, { on: isTimeout, policy })] })
class OrderSaga extends SagaDefinition<OrderContext> {
  constructor(readonly payments: PaymentsClient) {
    super();
  }
}

@Saga({ name: 'plain', steps: [Reserve] })
class PlainSaga extends SagaDefinition<object> {}

const SETTINGS: ExplorerSettings = { storage: { name: 'InMemorySagaStorage', transactions: false } };

interface Application {
  readonly providers?: readonly Provider[];
  readonly imports?: readonly Type[];
  readonly settings?: Partial<ExplorerSettings>;
  readonly change?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

/** A Nest application with these providers, and what the explorer finds in it. */
async function explore({ providers = [], imports = [], settings = {}, change = (b) => b }: Application) {
  @Module({ providers: [...providers] })
  class OrderModule {}
  const builder = Test.createTestingModule({
    imports: [DiscoveryModule, OrderModule, ...imports],
    providers: [SagaExplorer],
  });
  const app = await change(builder).compile();
  await app.init();
  return app.get(SagaExplorer).explore({ ...SETTINGS, ...settings });
}

async function mistakesIn(application: Application): Promise<readonly string[]> {
  const error: unknown = await explore(application).catch((thrown: unknown) => thrown);
  if (error instanceof SagaConfigurationError) return error.mistakes;
  throw new Error('no mistake was found');
}

function stepOf(sagas: readonly RegisteredSaga[], saga: string, step: string): RegisteredStep {
  const found = sagas.find(({ name }) => name === saga)?.steps.get(step);
  if (found === undefined) throw new Error(`no step ${step} in ${saga}`);
  return found;
}

const everything = [PaymentsClient, OrderSaga, PlainSaga, Reserve, Charge, Check];

describe('SagaExplorer', () => {
  it('finds every saga among the providers, with what is looked up of it again and again', async () => {
    const sagas = await explore({ providers: everything });
    expect(sagas.map(({ name }) => name)).toEqual(['OrderSaga', 'plain']);
    const [order, plain] = sagas;
    expect(order).toMatchObject({ version: 4, definition: OrderSaga, contextType: OrderContext });
    expect(order?.shape).toEqual([
      { step: 'check', kind: 'readonly' },
      {
        fallback: [
          { step: 'Charge', kind: 'compensatable' },
          { step: 'Reserve', kind: 'compensatable' },
        ],
      },
    ]);
    expect(order?.hash).not.toBe(plain?.hash);
    expect(plain).toMatchObject({ version: 1, definition: PlainSaga });
    expect(plain).not.toHaveProperty('contextType');
  });

  it('gives each step its plan and its provider, with everything injected', async () => {
    const sagas = await explore({ providers: everything });
    const charge = stepOf(sagas, 'OrderSaga', 'Charge');
    expect(charge).toMatchObject({ name: 'Charge', type: Charge, module: 'OrderModule', perSaga: false });
    expect(charge.plan.retry.retryCount).toBe(2);
    const instance: unknown = charge.wrapper.instance;
    expect(instance).toBeInstanceOf(Charge);
    expect((instance as Charge).payments).toBeInstanceOf(PaymentsClient);
    const saga: unknown = sagas[0]?.wrapper.instance;
    expect((saga as OrderSaga).payments).toBe((instance as Charge).payments);
  });

  it('keeps what is code out of the plan, and with the step', async () => {
    const sagas = await explore({ providers: everything });
    expect(stepOf(sagas, 'OrderSaga', 'Charge').retryIf).toBe(isTimeout);
    expect(stepOf(sagas, 'OrderSaga', 'Charge').fallback).toEqual({ on: isTimeout, policy });
    expect(stepOf(sagas, 'OrderSaga', 'Reserve').fallback).toBeUndefined();
    expect(stepOf(sagas, 'OrderSaga', 'Reserve').retryIf).toBeUndefined();
  });

  it('hands over to the backup on every error, unless the fallback says otherwise', async () => {
    @Saga({ steps: [fallback(Charge, Reserve)] })
    class Simple extends SagaDefinition<object> {}
    const sagas = await explore({ providers: [PaymentsClient, Simple, Charge, Reserve] });
    expect(stepOf(sagas, 'Simple', 'Charge').fallback?.on(new Error('any'))).toBe(true);
  });

  it('lets the module decide what steps and sagas leave open', async () => {
    const sagas = await explore({ providers: everything, settings: { compensation: { retryCount: 8 } } });
    expect(stepOf(sagas, 'plain', 'Reserve').plan.compensation.retryCount).toBe(8);
  });

  it('finds sagas and steps in whichever module provides them', async () => {
    @Module({ providers: [Reserve] })
    class StockModule {}
    const sagas = await explore({ providers: [PlainSaga], imports: [StockModule] });
    expect(stepOf(sagas, 'plain', 'Reserve').module).toBe('StockModule');
  });

  it('takes what a test puts in a step’s place', async () => {
    class FakeCharge {
      act(): void {}
      compensate(): void {}
    }
    const value = { act: () => undefined, compensate: () => undefined };
    const sagas = await explore({
      providers: everything,
      change: (b) => b.overrideProvider(Charge).useClass(FakeCharge).overrideProvider(Reserve).useValue(value),
    });
    expect(stepOf(sagas, 'OrderSaga', 'Charge').wrapper.instance).toBeInstanceOf(FakeCharge);
    expect(stepOf(sagas, 'OrderSaga', 'Reserve').wrapper.instance).toBe(value);
  });

  it('is not disturbed by providers of any other sort', async () => {
    const others: Provider[] = [
      { provide: 'null', useValue: null },
      { provide: Symbol('undefined'), useValue: undefined },
      { provide: 'factory', useFactory: () => Promise.resolve(3) },
      { provide: 'alias', useExisting: PlainSaga },
      { provide: (() => undefined) as unknown as Type, useValue: 1 },
    ];
    expect(await explore({ providers: [...others, PlainSaga, Reserve] })).toHaveLength(1);
    expect(await explore({ providers: others.slice(0, 3) })).toEqual([]);
  });

  it('shares nothing between two applications in one process', async () => {
    const [one, two] = await Promise.all([
      explore({ providers: [PlainSaga, Reserve], settings: { compensation: { retryCount: 5 } } }),
      explore({ providers: [PlainSaga, Reserve] }),
    ]);
    expect(stepOf(one, 'plain', 'Reserve').wrapper.instance).not.toBe(stepOf(two, 'plain', 'Reserve').wrapper.instance);
    expect(stepOf(one, 'plain', 'Reserve').plan.compensation.retryCount).toBe(5);
    expect(stepOf(two, 'plain', 'Reserve').plan.compensation.retryCount).toBe(3);
  });
});

describe('a step that needs a DI context for each saga', () => {
  it.each([
    ['request-scoped', Scope.REQUEST],
    ['transient', Scope.TRANSIENT],
  ])('is known when it is %s', async (_, scope) => {
    @SagaStep({ kind: 'readonly', scope })
    class Scoped {
      act(): void {}
    }
    @Saga({ steps: [Scoped] })
    class ScopedSaga extends SagaDefinition<object> {}
    const sagas = await explore({ providers: [ScopedSaga, Scoped] });
    expect(stepOf(sagas, 'ScopedSaga', 'Scoped').perSaga).toBe(true);
  });

  it('is known when only what it injects is request-scoped', async () => {
    @SagaStep({ kind: 'readonly' })
    class Logged {
      constructor(@Inject(RequestLog) readonly log: RequestLog) {}
      act(): void {}
    }
    @Saga({ steps: [Logged] })
    class LoggedSaga extends SagaDefinition<object> {}
    const sagas = await explore({ providers: [LoggedSaga, Logged, RequestLog] });
    expect(stepOf(sagas, 'LoggedSaga', 'Logged').perSaga).toBe(true);
  });

  it('may be made by a factory, of which nothing is there yet', async () => {
    const factory: Provider = { provide: Reserve, scope: Scope.REQUEST, useFactory: () => new Reserve() };
    const sagas = await explore({ providers: [PlainSaga, factory] });
    expect(stepOf(sagas, 'plain', 'Reserve').perSaga).toBe(true);
  });
});

describe('misconfiguration fails at bootstrap, naming class and option', () => {
  it('with all mistakes of all sagas at once', async () => {
    @SagaStep({ timeout: -1 })
    class Odd {
      act(): void {}
      compensate(): void {}
    }
    @Saga({ steps: [Odd, Reserve] })
    class OddSaga extends SagaDefinition<object> {}
    class Forgotten extends SagaDefinition<object> {}
    const providers = [OddSaga, PlainSaga, Forgotten, Odd];
    expect(await mistakesIn({ providers, settings: { recoverySagas: ['plane'] } })).toEqual([
      'Forgotten extends SagaDefinition and is a provider, but is not marked @Saga()',
      '@SagaStep() of Odd: `timeout` must be a number above 0, not -1',
      'Reserve, a step of OddSaga, is no provider: add it to `providers` of OrderModule',
      "SagaModule.forRoot(): `recovery.sagas` names 'plane', but there is no such saga; did you mean 'plain'?",
    ]);
  });

  it('when two modules provide a step or a saga', async () => {
    @Module({ providers: [Reserve, PlainSaga] })
    class OtherModule {}
    expect(await mistakesIn({ providers: [PlainSaga, Reserve], imports: [OtherModule] })).toEqual([
      'PlainSaga is provided by OrderModule and OtherModule: leave it in one of them',
      'Reserve is provided by OrderModule and OtherModule: leave it in one of them, so that it is clear which one acts',
    ]);
  });

  it('when what stands in a step’s place has no compensate', async () => {
    const fake: Provider = { provide: Reserve, useValue: { act: () => undefined } };
    expect((await mistakesIn({ providers: [PlainSaga, fake] }))[0]).toContain('Reserve has no `compensate`');
  });
});
