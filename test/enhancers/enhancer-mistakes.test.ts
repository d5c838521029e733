import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ForbiddenException,
  Injectable,
  Scope,
  UseGuards,
  UsePipes,
  type CanActivate,
  type PipeTransform,
} from '@nestjs/common';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import { SagaContext } from '../../lib/enhancers/saga-context.decorator.js';
import { SagaConfigurationError } from '../../lib/errors/saga-configuration-error.js';
import { StepInvocations } from './step-invocations.js';

@Injectable()
class RefuseAll implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class Same implements PipeTransform {
  transform(value: unknown): unknown {
    return value;
  }
}

@UseGuards(RefuseAll)
@SagaStep()
class Charge {
  async act(@SagaContext(Same) _context: object): Promise<void> {}
  async compensate(): Promise<void> {}
}

@Saga({ steps: [Charge] })
class OrderSaga extends SagaDefinition<object> {}

let application: StepInvocations | undefined;
afterEach(() => application?.app.close());

describe('A step with enhancer classes that Nest does not make', () => {
  it.each([
    ['a factory', { provide: Charge, useFactory: () => new Charge() }],
    ['a factory in request scope', { provide: Charge, useFactory: () => new Charge(), scope: Scope.REQUEST }],
    ['a value', { provide: Charge, useValue: new Charge() }],
  ])('by %s stops the application from starting: a guard must not be left out silently', async (_, provider) => {
    const starting = StepInvocations.in({ providers: [OrderSaga, provider] });
    await expect(starting).rejects.toThrow(SagaConfigurationError);
    await expect(starting).rejects.toThrow(/Charge has RefuseAll bound to it as a class/);
    await expect(starting).rejects.toThrow(/Charge has Same bound to it as a class/);
  });

  it('is none when it has instances: these run', async () => {
    @UseGuards(new RefuseAll())
    @SagaStep()
    class Ship {
      async act(): Promise<void> {}
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Ship] })
    class ShippingSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({
      providers: [ShippingSaga, { provide: Ship, useFactory: () => new Ship() }],
    });
    expect((await application.act(ShippingSaga, Ship)).error).toBeInstanceOf(ForbiddenException);
  });

  it('is none when a test puts an object in its place', async () => {
    application = await StepInvocations.in({
      providers: [OrderSaga, Charge],
      override: (builder) =>
        builder.overrideProvider(Charge).useValue({ act: async () => 'fake', compensate: async () => undefined }),
    });
    expect((await application.act(OrderSaga, Charge)).value).toBe('fake');
  });

  it('is none when a test replaces the guard', async () => {
    application = await StepInvocations.in({
      providers: [OrderSaga, Charge],
      override: (builder) => builder.overrideGuard(RefuseAll).useValue({ canActivate: () => true }),
    });
    expect((await application.act(OrderSaga, Charge)).error).toBeUndefined();
  });
});

describe('A saga with pipe classes that Nest does not make', () => {
  it('stops the application from starting as well', async () => {
    @Injectable()
    class Trim extends Same {}
    @UsePipes(Trim)
    @Saga({ steps: [Charge] })
    class PipedSaga extends SagaDefinition<object> {}
    const provider = { provide: PipedSaga, useFactory: () => new PipedSaga() };
    const starting = StepInvocations.in({ providers: [provider, Charge] });
    await expect(starting).rejects.toThrow(/PipedSaga has Trim bound to it as a class/);
  });
});
