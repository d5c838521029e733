import { describe, expect, it } from '@jest/globals';
import { definitionMistakes, type ConfigurationFacts } from '../../lib/definition/definition-mistakes.js';
import { fallback } from '../../lib/definition/fallback.js';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import { SagaConfigurationError } from '../../lib/errors/saga-configuration-error.js';

/** What a JavaScript user can write, and TypeScript refuses. */
const untyped = { SagaStep: SagaStep as unknown as Mark, Saga: Saga as unknown as Mark };
type Mark = (options?: object) => (target: object) => void;

@SagaStep()
class Reserve {
  act(): void {}
  compensate(): void {}
}

@SagaStep()
class Charge {
  act(): void {}
  compensate(): void {}
}

@SagaStep({ kind: 'readonly' })
class Check {
  act(): void {}
}

@SagaStep({ kind: 'pivot' })
class Place {
  act(): void {}
}

@SagaStep({ kind: 'retriable' })
class Ship {
  act(): void {}
}

type SagaType = new () => object;

/** A saga class with these options, whether they are right or wrong. */
function saga(options: object, name = 'OrderSaga'): SagaType {
  const type = { [name]: class extends SagaDefinition<object> {} }[name] as SagaType;
  untyped.Saga(options)(type);
  return type;
}

/** A step class with these options and phases, whether they are right or wrong. */
function step(options: object, phases: readonly ('act' | 'compensate')[] = ['act', 'compensate'], name = 'Odd') {
  const type = { [name]: class extends Object {} }[name] as new () => object;
  for (const phase of phases) Object.defineProperty(type.prototype, phase, { value: () => undefined });
  untyped.SagaStep(options)(type);
  return type;
}

function mistakesIn(types: readonly SagaType[], facts: Partial<ConfigurationFacts> = {}): readonly string[] {
  return definitionMistakes({
    sagas: types.map((type) => ({ type, modules: ['OrderModule'] })),
    providersOf: (type) => [{ module: 'OrderModule', handler: type.prototype as object }],
    storage: { name: 'InMemorySagaStorage', transactions: false },
    ...facts,
  });
}

function mistakesOfSteps(...steps: readonly unknown[]): readonly string[] {
  return mistakesIn([saga({ steps })]);
}

describe('a right configuration', () => {
  it('has no mistakes', () => {
    expect(mistakesOfSteps(Check, Reserve, fallback(Charge, Check2), Place, Ship, Check3)).toEqual([]);
    expect(mistakesOfSteps()).toEqual([]);
    expect(
      mistakesIn([
        saga({
          name: 'order',
          version: 3,
          steps: [
            step({ name: 'odd', timeout: 1, retry: { retryCount: 2, retryBackoff: 1, jitter: 1, retryIf: Boolean } }),
          ],
          compensation: { retryCount: Infinity, timeout: 5, onExhausted: 'halt', jitter: 0 },
          deadline: 1,
          onDefinitionChange: 'compensate',
          context: Object,
        }),
      ]),
    ).toEqual([]);
  });

  it('may name a step in several sagas', () => {
    expect(mistakesIn([saga({ steps: [Reserve] }, 'A'), saga({ steps: [Reserve, Place] }, 'B')])).toEqual([]);
  });

  it('takes options that are undefined for options that are not given', () => {
    const odd = step({ timeout: undefined, retry: undefined, name: undefined, kind: undefined });
    expect(mistakesIn([saga({ steps: [odd], deadline: undefined, compensation: { retryCount: undefined } })])).toEqual(
      [],
    );
  });
});

class Check2 extends Check {}
SagaStep({ kind: 'readonly' })(Check2);
class Check3 extends Check {}
SagaStep({ kind: 'readonly' })(Check3);

describe('a step', () => {
  it('needs a compensate, unless it is a pivot, retriable or readonly', () => {
    expect(mistakesOfSteps(step({}, ['act']))).toEqual([
      "Odd has no `compensate`: write one, or say @SagaStep({ kind }) 'pivot', 'retriable' or 'readonly' of it",
    ]);
  });

  it('needs an act', () => {
    expect(mistakesOfSteps(step({}, ['compensate']))).toEqual(['Odd has no `act`']);
    expect(mistakesOfSteps(step({ kind: 'pivot' }, []))).toEqual(['Odd has no `act`']);
  });

  it('has no compensate when nothing ever undoes it', () => {
    expect(mistakesOfSteps(step({ kind: 'pivot' }))).toEqual([
      'Odd is pivot and is never undone: remove its `compensate`, or its `kind`',
    ]);
  });

  it.each([
    ['compensation', { retryCount: 2 }],
    ['compensateOnFailure', true],
  ])('has no %s when nothing ever undoes it', (option, value) => {
    expect(mistakesOfSteps(step({ kind: 'readonly', [option]: value }, ['act']))).toEqual([
      `@SagaStep() of Odd: \`${option}\` does not go with kind 'readonly', which is never undone`,
    ]);
  });

  it('has no retryCount when it is retriable', () => {
    const retriable = step({ kind: 'retriable', retry: { retryCount: 3 } }, ['act']);
    expect(mistakesOfSteps(Place, retriable)).toEqual([
      "@SagaStep() of Odd: `retryCount` does not go with kind 'retriable', which is acted until it succeeds",
    ]);
  });

  it('has to be marked, a subclass of a marked one too', () => {
    class Unmarked extends Reserve {}
    expect(mistakesOfSteps(Unmarked)).toEqual(['Unmarked, a step of OrderSaga, is not marked @SagaStep()']);
  });

  it('has to be a provider', () => {
    expect(mistakesIn([saga({ steps: [Reserve] })], { providersOf: () => [] })).toEqual([
      'Reserve, a step of OrderSaga, is no provider: add it to `providers` of OrderModule',
    ]);
  });

  it('is provided by one module only', () => {
    const handler = Reserve.prototype;
    const providersOf = () => ['OrderModule', 'StockModule'].map((module) => ({ module, handler }));
    expect(mistakesIn([saga({ steps: [Reserve] })], { providersOf })).toEqual([
      'Reserve is provided by OrderModule and StockModule: leave it in one of them, so that it is clear which one acts',
    ]);
  });

  it('is transactional only on a storage with transactions', () => {
    const sagas = [saga({ steps: [step({ transactional: true })] })];
    expect(mistakesIn(sagas)).toEqual([
      '@SagaStep() of Odd: `transactional` needs a storage whose transactions steps can share; InMemorySagaStorage has none',
    ]);
    expect(mistakesIn(sagas, { storage: { name: 'Sql', transactions: true } })).toEqual([]);
  });

  it('is not transactional where it changes nothing', () => {
    const sagas = [saga({ steps: [step({ kind: 'readonly', transactional: true })] })];
    expect(mistakesIn(sagas, { storage: { name: 'Sql', transactions: true } })).toContain(
      "@SagaStep() of Odd: `transactional` does not go with kind 'readonly': what it writes would never be undone; leave one of them out",
    );
  });

  it('is complained of once, however many sagas it serves', () => {
    const odd = step({ timout: 1 });
    expect(mistakesIn([saga({ steps: [odd] }, 'A'), saga({ steps: [odd] }, 'B')])).toHaveLength(1);
  });
});

describe('options', () => {
  it.each([
    [{ timout: 5 }, '@SagaStep() of Odd: there is no option `timout`; did you mean `timeout`?'],
    [{ color: 5 }, '@SagaStep() of Odd: there is no option `color`'],
    [{ toString: 5 }, '@SagaStep() of Odd: there is no option `toString`'],
    [
      { kind: 'pivots' },
      "must be one of 'compensatable', 'pivot', 'retriable', 'readonly', not 'pivots'; did you mean `pivot`?",
    ],
    [{ name: ' ' }, "`name` must be a name, not ' '"],
    [{ name: 7 }, '`name` must be a name, not 7'],
    [{ timeout: 0 }, '`timeout` must be a number above 0, not 0'],
    [{ timeout: -1 }, '`timeout` must be a number above 0, not -1'],
    [{ timeout: Number.NaN }, '`timeout` must be a number above 0, not NaN'],
    [{ timeout: '5s' }, "`timeout` must be a number above 0, not '5s'"],
    [{ timeout: 2 ** 31 }, '`timeout` must be at most 2147483647 ms (24 days)'],
    [{ compensateOnFailure: 'yes' }, "`compensateOnFailure` must be true or false, not 'yes'"],
    [{ transactional: 1 }, '`transactional` must be true or false, not 1'],
    [{ retry: 3 }, '@SagaStep() of Odd: `retry` must be an object, not 3'],
    [{ compensation: null }, '@SagaStep() of Odd: `compensation` must be an object, not null'],
    [{ retry: { retries: 3 } }, '@SagaStep() of Odd, retry: there is no option `retries`'],
    [
      { retry: { retryCuont: 3 } },
      '@SagaStep() of Odd, retry: there is no option `retryCuont`; did you mean `retryCount`?',
    ],
    [
      { retry: { retryCount: 0 } },
      '@SagaStep() of Odd, retry: `retryCount` counts all attempts and must be a whole number from 1, or Infinity, not 0',
    ],
    [{ retry: { retryCount: -1 } }, 'or Infinity, not -1'],
    [{ retry: { retryCount: Number.NaN } }, 'or Infinity, not NaN'],
    [{ retry: { retryCount: 1.5 } }, 'or Infinity, not 1.5'],
    [{ retry: { retryDelay: 0 } }, '`retryDelay` must be a number above 0, not 0'],
    [{ retry: { retryBackoff: -2 } }, '`retryBackoff` must be a number above 0, not -2'],
    [{ retry: { maxRetryDelay: Infinity } }, '`maxRetryDelay` must be a number above 0, not Infinity'],
    [{ retry: { jitter: 1.1 } }, '`jitter` is a share and must lie between 0 and 1, not be 1.1'],
    [{ retry: { jitter: -0.1 } }, 'not be -0.1'],
    [{ retry: { jitter: Number.NaN } }, 'not be NaN'],
    [{ retry: { retryIf: true } }, '`retryIf` must be a function, not true'],
    [{ compensation: { retryIf: Boolean } }, '@SagaStep() of Odd, compensation: there is no option `retryIf`'],
    [{ compensation: { timeout: 0 } }, '@SagaStep() of Odd, compensation: `timeout` must be a number above 0, not 0'],
    [{ compensation: { onExhausted: 'stop' } }, "`onExhausted` must be one of 'continue', 'halt', not 'stop'"],
    [{ compensation: { onExhausted: Boolean } }, "`onExhausted` must be one of 'continue', 'halt', not Boolean"],
  ])('of a step: %j', (options, mistake) => {
    const mistakes = mistakesOfSteps(step(options)).filter((text) => !text.includes('needs a storage'));
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toContain(mistake);
  });

  it.each([
    [{ dedline: 5 }, '@Saga() of OrderSaga: there is no option `dedline`; did you mean `deadline`?'],
    [{ name: '' }, "@Saga() of OrderSaga: `name` must be a name, not ''"],
    [{ version: 0 }, '`version` must be a whole number from 1, not 0'],
    [{ version: 1.5 }, '`version` must be a whole number from 1, not 1.5'],
    [{ version: Infinity }, '`version` must be a whole number from 1, not Infinity'],
    [{ deadline: 0 }, '`deadline` must be a number above 0, not 0'],
    [{ deadline: Number.NaN }, '`deadline` must be a number above 0, not NaN'],
    [{ onDefinitionChange: 'held' }, "must be one of 'hold', 'compensate', not 'held'; did you mean `hold`?"],
    [{ context: {} }, '`context` must be a class or a Standard Schema (zod, valibot, arktype …), not an object'],
    [{ context: 'Order' }, "`context` must be a class or a Standard Schema (zod, valibot, arktype …), not 'Order'"],
    [
      { compensation: { retryDelay: -1 } },
      '@Saga() of OrderSaga, compensation: `retryDelay` must be a number above 0, not -1',
    ],
    [{ steps: undefined }, '`steps` must be an array of step classes, not undefined'],
    [{ steps: Reserve }, '`steps` must be an array of step classes, not Reserve'],
    [
      { steps: [Reserve, undefined] },
      '`steps[1]` is undefined; do two files import each other, so that its class is not there yet?',
    ],
    [{ steps: ['Reserve'] }, "`steps[0]` must be a step class or a fallback(), not 'Reserve'"],
    [{ steps: [new Reserve()] }, '`steps[0]` must be a step class or a fallback(), not an object'],
    [{ steps: [{ ...fallback(Reserve, Charge), backup: undefined }] }, '`steps[0].backup` is undefined'],
    [
      { steps: [{ ...fallback(Reserve, Charge), onn: Boolean }] },
      '@Saga() of OrderSaga, fallback at steps[0]: there is no option `onn`; did you mean `on`?',
    ],
    [{ steps: [{ ...fallback(Reserve, Charge), on: true }] }, '`on` must be a function, not true'],
    [
      { steps: [{ ...fallback(Reserve, Charge), policy: {} }] },
      "`policy` must have a method `execute(fn)`, as cockatiel's policies have",
    ],
  ])('of a saga: %j', (options, mistake) => {
    const mistakes = mistakesIn([saga({ steps: [], ...options })]);
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toContain(mistake);
  });

  it('of the module are looked at with the same eyes', () => {
    expect(mistakesIn([], { compensation: { retryCount: 0 } })).toEqual([
      'SagaModule.forRoot(), compensation: `retryCount` counts all attempts and must be a whole number from 1, or Infinity, not 0',
    ]);
  });
});

describe('the order of steps', () => {
  it('has nothing that can be undone behind the pivot', () => {
    expect(mistakesOfSteps(Place, Reserve)).toEqual([
      'OrderSaga: Reserve stands behind the pivot Place, where nothing is undone any more: make it retriable or readonly, or put it before',
    ]);
  });

  it('has one pivot at most', () => {
    expect(mistakesOfSteps(Place, step({ kind: 'pivot' }, ['act']))).toEqual([
      'OrderSaga: Place and Odd are both pivots: a saga has at most one point of no return',
    ]);
  });

  it.each([
    ['before the pivot', [Ship, Place]],
    ['without a pivot', [Reserve, Ship]],
  ])('has nothing retriable %s', (_, steps) => {
    expect(mistakesOfSteps(...steps)).toEqual([
      'OrderSaga: Ship is retriable, but no pivot stands before it: only what stands behind a pivot is retried until it succeeds',
    ]);
  });

  it.each([
    ['pivot', Place],
    ['retriable', Ship],
  ])('has no %s in a fallback, however deep', (kind, part) => {
    expect(mistakesOfSteps(fallback(Reserve, fallback(Charge, part)))).toEqual([
      `OrderSaga: ${part.name} is ${kind} and cannot be a part of a fallback (Reserve, Charge, ${part.name})`,
    ]);
  });

  it('has no fallback behind the pivot', () => {
    expect(mistakesOfSteps(Place, fallback(Check, Ship))).toEqual([
      'OrderSaga: the fallback of Check, Ship stands behind the pivot Place, where the primary is retried until it succeeds and no backup ever acts',
    ]);
  });

  it.each([
    ['in the plan', [Reserve, Charge, Reserve]],
    ['in a fallback of itself', [fallback(Reserve, Reserve), Charge]],
    ['in a fallback and beside it', [fallback(Charge, Reserve), Reserve]],
  ])('has no step twice %s', (_, steps) => {
    expect(mistakesOfSteps(...steps)).toEqual([
      'OrderSaga: Reserve stands in `steps` twice; a step stands once in a saga, and once in a fallback',
    ]);
  });

  it('has no two steps of one name', () => {
    expect(mistakesOfSteps(Reserve, step({ name: 'Reserve' }))).toEqual([
      "OrderSaga: Reserve and Odd are both named 'Reserve'; give one of them another `name`",
    ]);
  });
});

describe('the sagas of an application', () => {
  it('have different names', () => {
    expect(mistakesIn([saga({ steps: [] }, 'A'), saga({ steps: [], name: 'A' }, 'B')])).toEqual([
      "A and B are both named 'A'; give one of them another `name`",
    ]);
  });

  it('are provided by one module each', () => {
    const sagas = [{ type: saga({ steps: [] }), modules: ['OrderModule', 'ShopModule'] }];
    expect(mistakesIn([], { sagas })).toEqual([
      'OrderSaga is provided by OrderModule and ShopModule: leave it in one of them',
    ]);
  });

  it('are marked, where they extend SagaDefinition', () => {
    class Forgotten extends SagaDefinition<object> {}
    expect(mistakesIn([Forgotten])).toEqual([
      'Forgotten extends SagaDefinition and is a provider, but is not marked @Saga()',
    ]);
  });

  it('are known where recovery is told to look for them', () => {
    expect(mistakesIn([saga({ steps: [] })], { recoverySagas: ['OrderSaga', 'OrderSage', 'Else'] })).toEqual([
      "SagaModule.forRoot(): `recovery.sagas` names 'OrderSage', but there is no such saga; did you mean 'OrderSaga'?",
      "SagaModule.forRoot(): `recovery.sagas` names 'Else', but there is no such saga",
    ]);
  });
});

describe('SagaConfigurationError', () => {
  it('tells all mistakes at once, each on a line of its own', () => {
    const mistakes = mistakesIn([saga({ steps: [Ship, step({ timout: 1 }, ['act'])], deadline: 0 })]);
    expect(mistakes).toHaveLength(4);
    const error = new SagaConfigurationError(mistakes);
    expect(error.code).toBe('SAGA_CONFIGURATION');
    expect(error.mistakes).toBe(mistakes);
    expect(error.message.split('\n')).toEqual([
      'There are 4 mistakes in the configuration of sagas:',
      ...mistakes.map((mistake) => `  - ${mistake}`),
    ]);
  });
});
