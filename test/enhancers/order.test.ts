import { afterEach, describe, expect, it } from '@jest/globals';
import { Module, UseFilters, UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import { SagaContext } from '../../lib/enhancers/saga-context.decorator.js';
import { recording } from './recording.js';
import { StepInvocations } from './step-invocations.js';

const log: string[] = [];
const [module, saga, step, method] = ['module', 'saga', 'step', 'method'].map((place) => recording(place, log)) as [
  ReturnType<typeof recording>,
  ReturnType<typeof recording>,
  ReturnType<typeof recording>,
  ReturnType<typeof recording>,
];

@UseGuards(step.guard)
@UseInterceptors(step.interceptor)
@UsePipes(step.pipe)
@UseFilters(step.filter)
@SagaStep()
class Charge {
  @UseGuards(method.guard)
  @UseInterceptors(method.interceptor)
  @UsePipes(method.pipe)
  @UseFilters(method.filter)
  async act(@SagaContext(recording('parameter', log).pipe) context: { fails?: boolean }): Promise<string> {
    log.push('act');
    if (context.fails === true) throw new Error('no funds');
    return 'charged';
  }

  async compensate(): Promise<void> {
    log.push('compensate');
  }
}

@UseGuards(saga.guard)
@UseInterceptors(saga.interceptor)
@UsePipes(saga.pipe)
@UseFilters(saga.filter)
@Saga({ steps: [Charge] })
class OrderSaga extends SagaDefinition<object> {}

const providers = [OrderSaga, Charge];
let application: StepInvocations | undefined;

afterEach(async () => {
  await application?.app.close();
  log.length = 0;
});

describe('The order of enhancers', () => {
  it('is module, saga, step class, method, parameter, with the saga as a ring around the step', async () => {
    application = await StepInvocations.in({ providers, interceptors: [module.interceptor] });
    await application.act(OrderSaga, Charge);
    expect(log).toEqual([
      'saga guard @ OrderSaga.act',
      'module interceptor @ OrderSaga.act',
      'saga interceptor @ OrderSaga.act',
      'step guard @ Charge.act',
      'method guard @ Charge.act',
      'step interceptor @ Charge.act',
      'method interceptor @ Charge.act',
      'saga pipe',
      'step pipe',
      'method pipe',
      'parameter pipe',
      'act',
      'method interceptor done',
      'step interceptor done',
      'saga interceptor done',
      'module interceptor done',
    ]);
  });

  it('is the other way round for the filters of an error, the nearest one of each ring only', async () => {
    application = await StepInvocations.in({ providers });
    const { error, outcome } = await application.act(OrderSaga, Charge, { context: { fails: true } });
    expect(error).toEqual(new Error('no funds'));
    expect(outcome).toBe('failed');
    expect(log.filter((line) => line.includes('filter'))).toEqual(['method filter: Charge', 'saga filter: Charge']);
  });

  it('leaves out what is bound to the other method', async () => {
    application = await StepInvocations.in({ providers });
    await application.compensate(OrderSaga, Charge);
    expect(log).toEqual([
      'saga guard @ OrderSaga.compensate',
      'saga interceptor @ OrderSaga.compensate',
      'step guard @ Charge.compensate',
      'step interceptor @ Charge.compensate',
      'compensate',
      'step interceptor done',
      'saga interceptor done',
    ]);
  });
});

@SagaStep()
class Plain {
  async act(@SagaContext() context: { fails?: boolean }): Promise<void> {
    log.push('act');
    if (context.fails === true) throw new Error('no funds');
  }

  async compensate(): Promise<void> {
    log.push('compensate');
  }
}

@UseInterceptors(saga.interceptor)
@Saga({ steps: [Plain] })
class PlainSaga extends SagaDefinition<object> {}

describe("The application's global enhancers", () => {
  const [global, provided] = [recording('global', log), recording('APP', log)];

  @Module({
    providers: [
      { provide: APP_GUARD, useValue: provided.guard },
      { provide: APP_INTERCEPTOR, useValue: provided.interceptor },
      { provide: APP_PIPE, useValue: provided.pipe },
      { provide: APP_FILTER, useValue: provided.filter },
    ],
  })
  class GlobalsModule {}

  const parts = {
    providers: [PlainSaga, Plain],
    imports: [GlobalsModule],
    interceptors: [module.interceptor],
    configure: (app: StepInvocations['app']) =>
      app
        .useGlobalGuards(global.guard)
        .useGlobalInterceptors(global.interceptor)
        .useGlobalPipes(global.pipe)
        .useGlobalFilters(global.filter),
  };

  it('do not run on steps', async () => {
    application = await StepInvocations.in(parts);
    await application.act(PlainSaga, Plain, { context: { fails: true } });
    expect(log).toEqual([
      'module interceptor @ PlainSaga.act',
      'saga interceptor @ PlainSaga.act',
      'act',
      'saga interceptor done',
      'module interceptor done',
    ]);
  });

  it('run around the step, inside those of the saga, where inheritAppConfig is true', async () => {
    application = await StepInvocations.in({ ...parts, inheritAppConfig: true });
    await application.act(PlainSaga, Plain);
    expect(log.filter((line) => !line.includes('done'))).toEqual([
      'module interceptor @ PlainSaga.act',
      'saga interceptor @ PlainSaga.act',
      'APP guard @ Plain.act',
      'global guard @ Plain.act',
      'APP interceptor @ Plain.act',
      'global interceptor @ Plain.act',
      'APP pipe',
      'global pipe',
      'act',
    ]);
  });

  it('catch errors, the last one first, where inheritAppConfig is true', async () => {
    application = await StepInvocations.in({ ...parts, inheritAppConfig: true });
    const { outcome } = await application.act(PlainSaga, Plain, { context: { fails: true } });
    expect(outcome).toBe('failed');
    expect(log.filter((line) => line.includes('filter'))).toEqual(['global filter: Plain']);
  });
});
