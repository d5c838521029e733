import { Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  InMemorySagaStorage,
  Saga,
  SagaConfigurationError,
  SagaDefinition,
  SagaModule,
  SagaStep,
  type SagaModuleOptions,
} from '../../lib/index.js';

@SagaStep()
class Reserve {
  act(): void {}
  compensate(): void {}
}

@SagaStep({ kind: 'pivot' })
class Charge {
  act(): void {}
}

@SagaStep({ name: 'Reserve' })
class Ship {
  act(): void {}
  compensate(): void {}
}

class Forgetful {
  act(): void {}
}
SagaStep()(Forgetful as never);

function definition(name: string, steps: readonly Type[], options: object = {}): Type {
  class Definition extends SagaDefinition<object> {}
  Object.defineProperty(Definition, 'name', { value: name });
  Saga({ ...options, steps } as never)(Definition as never);
  return Definition;
}

async function mistakes(providers: readonly Type[], options: Partial<SagaModuleOptions> = {}): Promise<string> {
  const module = await Test.createTestingModule({
    imports: [SagaModule.forRoot({ storage: new InMemorySagaStorage(), ...options })],
    providers: [...providers],
  }).compile();
  const error = await module.init().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SagaConfigurationError);
  return (error as Error).message;
}

describe('Misconfiguration fails at bootstrap, naming class and option', () => {
  it('a step without compensate that is neither pivot, retriable nor read-only', async () => {
    expect(await mistakes([definition('OrderSaga', [Forgetful]), Forgetful])).toContain(
      'Forgetful has no `compensate`',
    );
  });

  it('a step that is no provider', async () => {
    expect(await mistakes([definition('OrderSaga', [Reserve])])).toContain(
      'Reserve, a step of OrderSaga, is no provider',
    );
  });

  it('a step class that two modules provide', async () => {
    @Module({ providers: [Reserve] })
    class Stock {}
    const module = await Test.createTestingModule({
      imports: [SagaModule.forRoot({ storage: new InMemorySagaStorage() }), Stock],
      providers: [definition('OrderSaga', [Reserve]), Reserve],
    }).compile();
    await expect(module.init()).rejects.toThrow(
      /Reserve is provided by (RootTestModule and Stock|Stock and RootTestModule)/,
    );
  });

  it('two steps of one name', async () => {
    expect(await mistakes([definition('OrderSaga', [Reserve, Ship]), Reserve, Ship])).toContain(
      "OrderSaga: Reserve and Ship are both named 'Reserve'",
    );
  });

  it('two sagas of one name', async () => {
    const one = definition('One', [Reserve], { name: 'Order' });
    const two = definition('Two', [Reserve], { name: 'Order' });
    expect(await mistakes([one, two, Reserve])).toContain("One and Two are both named 'Order'");
  });

  it('a compensatable step behind the pivot', async () => {
    expect(await mistakes([definition('OrderSaga', [Charge, Reserve]), Charge, Reserve])).toContain(
      'Reserve stands behind the pivot Charge',
    );
  });

  it('options that cannot be meant', async () => {
    const S = definition('OrderSaga', [Reserve], { deadline: 0, compensation: { retryCount: NaN } });
    const said = await mistakes([S, Reserve], { recovery: { maxAttempts: -1 }, lease: { durration: 5 } as never });
    for (const option of ['deadline', 'retryCount', 'maxAttempts', 'durration']) expect(said).toContain(option);
    expect(said).toContain('did you mean');
  });

  it('a module that is imported twice: two workers, and it depends on the order where a saga is stored', async () => {
    const storage = new InMemorySagaStorage();
    @Module({ imports: [SagaModule.forRoot({ storage })] })
    class Orders {}
    @Module({ imports: [SagaModule.forRootAsync({ useFactory: () => ({ storage }) })] })
    class Billing {}
    const module = await Test.createTestingModule({ imports: [Orders, Billing] }).compile();
    const starting = module.init();
    await expect(starting).rejects.toThrow(SagaConfigurationError);
    await expect(starting).rejects.toThrow(/SagaModule is imported 2 times.*once, in the root module/);
  });

  it('and reports all mistakes at once', async () => {
    const said = await mistakes([definition('OrderSaga', [Charge, Reserve]), definition('RefundSaga', [Forgetful])]);
    for (const mistake of ['behind the pivot', 'Charge, a step of', 'Forgetful, a step of']) {
      expect(said).toContain(mistake);
    }
  });

  it('but not a module that several name by one constant', async () => {
    const sagas = SagaModule.forRoot({ storage: new InMemorySagaStorage() });
    @Module({ imports: [sagas] })
    class Orders {}
    @Module({ imports: [sagas] })
    class Billing {}
    const module = await Test.createTestingModule({
      imports: [Orders, Billing, sagas],
      providers: [definition('OrderSaga', [Reserve]), Reserve],
    }).compile();
    await module.init();
    await module.close();
  });
});
