import 'reflect-metadata';
import {
  SetMetadata,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import type { Observable } from 'rxjs';
import { sagaName, sagaOptionsOf, stepName, stepOptionsOf } from '../../lib/definition/definition-metadata.js';
import { fallback } from '../../lib/definition/fallback.js';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { fallbacksByPrimary, stepClasses } from '../../lib/definition/saga-nodes.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';

class Silent implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

@SagaStep({ name: 'reserve', timeout: 5 })
class Reserve {
  @SetMetadata('audit', 'yes')
  @UseInterceptors(Silent)
  act(): void {}
  compensate(): void {}
}

@SagaStep()
class Charge {
  act(): void {}
  compensate(): void {}
}

class Inherited extends Reserve {}

@Saga({ name: 'order', steps: [Reserve] })
class OrderSaga extends SagaDefinition<object> {}

@Saga({ steps: [] })
class PlainSaga extends SagaDefinition<object> {}

describe('@SagaStep()', () => {
  it('keeps its options with the class, and with no subclass of it', () => {
    expect(stepOptionsOf(Reserve)).toEqual({ name: 'reserve', timeout: 5 });
    expect(stepOptionsOf(Charge)).toEqual({});
    expect(stepOptionsOf(Inherited)).toBeUndefined();
  });

  it('names a step by its class, unless it says otherwise', () => {
    expect([Reserve, Charge].map(stepName)).toEqual(['reserve', 'Charge']);
  });

  it('leaves what others say about a phase on the prototype’s method, where Nest looks for it', () => {
    const { act } = Reserve.prototype;
    expect(Reflect.getMetadata('audit', act)).toBe('yes');
    expect(Reflect.getMetadata('__interceptors__', act)).toEqual([Silent]);
  });
});

describe('@Saga()', () => {
  it('keeps its options with the class', () => {
    expect(sagaOptionsOf(OrderSaga)).toEqual({ name: 'order', steps: [Reserve] });
    expect(sagaOptionsOf(SagaDefinition)).toBeUndefined();
  });

  it('names a saga by its class, unless it says otherwise', () => {
    expect([OrderSaga, PlainSaga].map(sagaName)).toEqual(['order', 'PlainSaga']);
  });
});

describe('SagaDefinition', () => {
  it('has a brand for the compiler only', () => {
    expect(Reflect.ownKeys(new OrderSaga())).toEqual([]);
    expect(Reflect.ownKeys(SagaDefinition.prototype)).toEqual(['constructor']);
  });
});

describe('fallback', () => {
  const [A, B, C, D] = [
    class A extends Charge {},
    class B extends Charge {},
    class C extends Charge {},
    class D extends Charge {},
  ];

  it('lists the primary before the backup, however deep', () => {
    expect(stepClasses([fallback(fallback(A, B), C), D])).toEqual([A, B, C, D]);
  });

  it('lets the nearest fallback decide over each primary', () => {
    const inner = fallback(A, B);
    const outer = fallback(inner, C);
    const nested = fallback(D, fallback(Reserve, Charge));
    expect([...fallbacksByPrimary([outer, nested])]).toEqual([
      [A, inner],
      [B, outer],
      [D, nested],
      [Reserve, nested.backup],
    ]);
  });
});
