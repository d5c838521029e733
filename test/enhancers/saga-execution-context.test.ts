import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  createParamDecorator,
  Injectable,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import { SagaExecutionContext, type SagaContextType } from '../../lib/enhancers/saga-execution-context.js';
import { StepInvocations } from './step-invocations.js';

const seen: unknown[] = [];
let application: StepInvocations | undefined;

afterEach(async () => {
  await application?.app.close();
  seen.length = 0;
});

/** What the saga's view says wherever it is created. */
function look(where: string, host: ArgumentsHost): void {
  const context = SagaExecutionContext.create(host);
  seen.push({
    where,
    type: context.getType<SagaContextType>(),
    context: context.getContext(),
    result: context.getResult(),
    step: context.getExecution().stepName,
    saga: context.getSaga(),
  });
}

@Injectable()
class Look implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    look('guard', context);
    return true;
  }
  intercept(context: ExecutionContext, next: CallHandler) {
    look('interceptor', context);
    return next.handle();
  }
}

@Catch()
class LookFilter {
  catch(error: unknown, host: ArgumentsHost) {
    look('filter', host);
    throw error;
  }
}

const Looked: (...args: unknown[]) => ParameterDecorator = createParamDecorator((_, context: ExecutionContext) => {
  look('parameter', context);
});

@UseGuards(Look)
@UseInterceptors(Look)
@UseFilters(LookFilter)
@SagaStep()
class Charge {
  async act(): Promise<void> {}
  async compensate(@Looked() _context: object): Promise<void> {
    throw new Error('no refunds');
  }
}

@UseGuards(Look)
@UseInterceptors(Look)
@UseFilters(LookFilter)
@Saga({ steps: [Charge] })
class OrderSaga extends SagaDefinition<object> {}

describe('SagaExecutionContext', () => {
  it('tells the same in guards, interceptors, filters and parameter decorators, around the saga and the step', async () => {
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    const context = { orderId: 'o-1' };
    await application.compensate(OrderSaga, Charge, { context, result: { id: 'p-1' } });
    const told = { type: 'saga', context, result: { id: 'p-1' }, step: 'Charge', saga: OrderSaga };
    const places = ['guard', 'interceptor', 'guard', 'interceptor', 'parameter', 'filter', 'filter'];
    expect(seen).toEqual(places.map((where) => ({ where, ...told })));
  });

  it('has no result in act', async () => {
    application = await StepInvocations.in({ providers: [OrderSaga, Charge] });
    await application.act(OrderSaga, Charge);
    expect(seen).toMatchObject(Array.from({ length: 4 }, () => ({ result: undefined })));
  });

  it('refuses the context of a request, and says what to ask first', () => {
    expect(() => SagaExecutionContext.create(new ExecutionContextHost([]))).toThrow(
      /context of type 'http'.*ask context\.getType<SagaContextType>\(\) === 'saga' first/,
    );
  });
});

describe('Metadata that decorators put on a step', () => {
  const Roles = (role: string) => SetMetadata('role', role);
  const roles: unknown[] = [];

  @Injectable()
  class RoleGuard implements CanActivate {
    constructor(private readonly reflector: Reflector) {}
    canActivate(context: ExecutionContext): boolean {
      const { name, length } = context.getHandler();
      const saga = SagaExecutionContext.create(context).getSaga();
      roles.push({
        handler: `${context.getClass().name}.${name}/${String(length)}`,
        onMethod: this.reflector.get<unknown>('role', context.getHandler()),
        nearest: this.reflector.getAllAndOverride<unknown>('role', [context.getHandler(), context.getClass(), saga]),
      });
      return true;
    }
  }

  class Base {
    @Roles('method')
    async act(_context: object): Promise<void> {}
    async compensate(): Promise<void> {}
  }

  @Roles('class')
  @UseGuards(RoleGuard)
  @SagaStep()
  class Ship extends Base {}

  @Roles('saga')
  @UseGuards(RoleGuard)
  @Saga({ steps: [Ship] })
  class ShippingSaga extends SagaDefinition<object> {}

  it('is found on getHandler() and getClass() by a Reflector, inherited methods included', async () => {
    application = await StepInvocations.in({ providers: [ShippingSaga, Ship] });
    await application.act(ShippingSaga, Ship);
    await application.compensate(ShippingSaga, Ship);
    expect(roles).toEqual([
      { handler: 'ShippingSaga.act/1', onMethod: 'method', nearest: 'method' },
      { handler: 'Ship.act/1', onMethod: 'method', nearest: 'method' },
      { handler: 'ShippingSaga.compensate/0', onMethod: undefined, nearest: 'saga' },
      { handler: 'Ship.compensate/0', onMethod: undefined, nearest: 'class' },
    ]);
  });
});
