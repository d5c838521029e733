import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Inject,
  Injectable,
  Module,
  Scope,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type PipeTransform,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, REQUEST } from '@nestjs/core';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import { SagaContext } from '../../lib/enhancers/saga-context.decorator.js';
import type { SagaRequest } from '../../lib/enhancers/saga-request.js';
import { StepInvocations } from './step-invocations.js';

let made = 0;
let application: StepInvocations | undefined;

beforeEach(() => {
  made = 0;
  seen.length = 0;
});
afterEach(() => application?.app.close());

@Injectable({ scope: Scope.REQUEST })
class Basket {
  readonly number = ++made;
  constructor(@Inject(REQUEST) readonly request: SagaRequest) {}
}

const seen: unknown[] = [];

abstract class BasketStep {
  readonly number = ++made;
  @Inject() private readonly basket!: Basket;

  async act(): Promise<void> {
    const { number, request } = this.basket;
    seen.push({ step: this.number, basket: number, saga: request.sagaId, of: request.sagaName });
  }
  async compensate(): Promise<void> {
    await this.act();
  }
}

@SagaStep()
class Reserve extends BasketStep {}

@SagaStep({ scope: Scope.REQUEST })
class Charge extends BasketStep {}

@Saga({ steps: [Reserve, Charge] })
class OrderSaga extends SagaDefinition<object> {}

describe('A request-scoped step, or one with a request-scoped dependency', () => {
  it('is made once for each execution of a saga, for both phases, and shares its dependencies', async () => {
    application = await StepInvocations.in({ providers: [OrderSaga, Reserve, Charge, Basket] });
    const scope = {};
    await application.act(OrderSaga, Reserve, { scope });
    await application.act(OrderSaga, Charge, { scope });
    await application.compensate(OrderSaga, Reserve, { scope });
    await application.act(OrderSaga, Reserve, { scope: {}, sagaId: 'saga-2' });
    const [first, second, third, fourth] = seen as { step: number; basket: number; saga: string; of: string }[];
    expect(first).toMatchObject({ saga: 'saga-1', of: 'OrderSaga' });
    expect(second).toMatchObject({ basket: first?.basket, saga: 'saga-1' });
    expect(third).toEqual(first);
    expect(fourth?.saga).toBe('saga-2');
    expect(new Set([first, second, fourth].map((one) => one?.step)).size).toBe(3);
    expect(fourth?.basket).not.toBe(first?.basket);
  });

  it('is made anew after its scope was released', async () => {
    application = await StepInvocations.in({ providers: [OrderSaga, Reserve, Charge, Basket] });
    const scope = {};
    await application.act(OrderSaga, Reserve, { scope });
    application.invoker.release(scope);
    await application.act(OrderSaga, Reserve, { scope });
    const [before, after] = seen as { step: number; basket: number }[];
    expect(after?.step).not.toBe(before?.step);
    expect(after?.basket).not.toBe(before?.basket);
  });

  it('has a failed act when its constructor throws, and is made again for the next attempt', async () => {
    let broken = true;
    @SagaStep({ scope: Scope.REQUEST })
    class Fragile {
      constructor() {
        if (broken) throw new Error('no connection');
      }
      async act(): Promise<string> {
        return 'done';
      }
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Fragile] })
    class FragileSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({ providers: [FragileSaga, Fragile] });
    const scope = {};
    const { error, outcome } = await application.act(FragileSaga, Fragile, { scope });
    expect(error).toEqual(new Error('no connection'));
    expect(outcome).toBe('failed');
    broken = false;
    expect((await application.act(FragileSaga, Fragile, { scope })).value).toBe('done');
  });

  it('works when it is durable', async () => {
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Tenant {
      readonly number = ++made;
    }
    @SagaStep()
    class Bill {
      constructor(private readonly tenant: Tenant) {}
      async act(): Promise<number> {
        return this.tenant.number;
      }
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Bill] })
    class BillingSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({ providers: [BillingSaga, Bill, Tenant] });
    const scope = {};
    expect((await application.act(BillingSaga, Bill, { scope })).value).toBe(1);
    expect((await application.act(BillingSaga, Bill, { scope })).value).toBe(1);
    expect((await application.act(BillingSaga, Bill)).value).toBe(2);
  });
});

describe('A transient step', () => {
  it('is made once for each execution of a saga', async () => {
    @SagaStep({ scope: Scope.TRANSIENT })
    class Count {
      readonly number = ++made;
      async act(): Promise<number> {
        return this.number;
      }
      async compensate(): Promise<void> {
        seen.push(this.number);
      }
    }
    @Saga({ steps: [Count] })
    class CountingSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({ providers: [CountingSaga, Count] });
    const scope = {};
    expect((await application.act(CountingSaga, Count, { scope })).value).toBe(1);
    await application.compensate(CountingSaga, Count, { scope });
    expect(seen).toEqual([1]);
    expect((await application.act(CountingSaga, Count)).value).toBe(2);
  });
});

describe('Request-scoped enhancers', () => {
  @Injectable({ scope: Scope.REQUEST })
  class ScopedGuard implements CanActivate {
    readonly number = ++made;
    constructor(@Inject(REQUEST) private readonly request: SagaRequest) {}
    canActivate(context: ExecutionContext): boolean {
      seen.push([context.getClass().name, this.number, this.request.sagaId]);
      return true;
    }
  }

  @Injectable({ scope: Scope.REQUEST })
  class ScopedPipe implements PipeTransform {
    constructor(@Inject(REQUEST) private readonly request: SagaRequest) {}
    transform() {
      return this.request.sagaId;
    }
  }

  it('of a step are made once for each execution of a saga', async () => {
    @UseGuards(ScopedGuard)
    @SagaStep()
    class Guarded {
      async act(@SagaContext(ScopedPipe) context: object): Promise<unknown> {
        return context;
      }
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Guarded] })
    class GuardedSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({ providers: [GuardedSaga, Guarded] });
    const scope = {};
    expect((await application.act(GuardedSaga, Guarded, { scope })).value).toBe('saga-1');
    await application.compensate(GuardedSaga, Guarded, { scope });
    await application.act(GuardedSaga, Guarded, { sagaId: 'saga-2' });
    expect(seen).toEqual([
      ['Guarded', 1, 'saga-1'],
      ['Guarded', 1, 'saga-1'],
      ['Guarded', 2, 'saga-2'],
    ]);
  });

  it('of a saga are made once for each execution of it', async () => {
    @SagaStep()
    class Plain {
      async act(): Promise<void> {}
      async compensate(): Promise<void> {}
    }
    @UseGuards(ScopedGuard)
    @Saga({ steps: [Plain] })
    class GuardedSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({ providers: [GuardedSaga, Plain] });
    const scope = {};
    await application.act(GuardedSaga, Plain, { scope });
    await application.compensate(GuardedSaga, Plain, { scope });
    expect(seen).toEqual([
      ['GuardedSaga', 1, 'saga-1'],
      ['GuardedSaga', 1, 'saga-1'],
    ]);
  });

  it('of the application are made once for each execution where inheritAppConfig is true', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class TransientInterceptor {
      readonly number = ++made;
      intercept(_: ExecutionContext, next: CallHandler) {
        seen.push(['transient', typeof this.number]);
        return next.handle();
      }
    }
    @Module({
      providers: [
        { provide: APP_GUARD, useClass: ScopedGuard, scope: Scope.REQUEST },
        { provide: APP_INTERCEPTOR, useClass: TransientInterceptor, scope: Scope.TRANSIENT },
      ],
    })
    class GlobalsModule {}
    @SagaStep()
    class Plain {
      async act(): Promise<void> {}
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Plain] })
    class PlainSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({
      providers: [PlainSaga, Plain],
      imports: [GlobalsModule],
      inheritAppConfig: true,
    });
    await application.act(PlainSaga, Plain);
    expect(seen).toEqual([
      ['Plain', expect.any(Number), 'saga-1'],
      ['transient', 'number'],
    ]);
  });

  it('that are transient are made for the step that they are bound to', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class TransientInterceptor {
      readonly number = ++made;
      intercept(_: ExecutionContext, next: CallHandler) {
        seen.push(this.number);
        return next.handle();
      }
    }
    @UseInterceptors(TransientInterceptor)
    @SagaStep()
    class Intercepted {
      async act(): Promise<void> {}
      async compensate(): Promise<void> {}
    }
    @Saga({ steps: [Intercepted] })
    class InterceptedSaga extends SagaDefinition<object> {}
    application = await StepInvocations.in({ providers: [InterceptedSaga, Intercepted] });
    await application.act(InterceptedSaga, Intercepted);
    expect(seen).toEqual([expect.any(Number)]);
  });
});
