import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaExplorer } from '../../lib/discovery/saga-explorer.js';
import { SagaRegistry } from '../../lib/discovery/saga-registry.js';
import { UnknownSagaError } from '../../lib/errors/unknown-saga-error.js';

@Saga({ name: 'order', steps: [] })
class OrderSaga extends SagaDefinition<{ orderId: string }> {}

@Saga({ steps: [] })
class RefundSaga extends SagaDefinition<object> {}

@Saga({ steps: [] })
class ElsewhereSaga extends SagaDefinition<object> {}

async function registry(): Promise<SagaRegistry> {
  const app = await Test.createTestingModule({
    imports: [DiscoveryModule],
    providers: [SagaExplorer, SagaRegistry, OrderSaga, RefundSaga],
  }).compile();
  const registry = app.get(SagaRegistry);
  registry.register(app.get(SagaExplorer).explore({ storage: { name: 'InMemorySagaStorage', transactions: false } }));
  return registry;
}

describe('SagaRegistry', () => {
  it('finds a saga by its class and by its name', async () => {
    const sagas = await registry();
    expect(sagas.get(OrderSaga)).toBe(sagas.get('order'));
    expect(sagas.get('order').definition).toBe(OrderSaga);
    expect(sagas.byName('RefundSaga')).toBe(sagas.get(RefundSaga));
    expect(sagas.all().map(({ name }) => name)).toEqual(['order', 'RefundSaga']);
  });

  it('knows no saga of another application, and says so without an error where that may be', async () => {
    expect((await registry()).byName('elsewhere')).toBeUndefined();
  });

  it.each([
    ['ordre', "There is no saga named 'ordre' in this application. Did you mean 'order'?"],
    ['OrderSaga', "There is no saga named 'OrderSaga' in this application."],
  ])('refuses the name %s, with what was meant if that can be told', async (name, message) => {
    const sagas = await registry();
    expect(() => sagas.get(name)).toThrow(UnknownSagaError);
    expect(() => sagas.get(name)).toThrow(message);
  });

  it('refuses a class that nobody provides, and says what to do', async () => {
    const sagas = await registry();
    expect(() => sagas.get(ElsewhereSaga)).toThrow(
      'ElsewhereSaga is no saga of this application: mark it with @Saga() and add it to the `providers` of a module.',
    );
    expect(new UnknownSagaError('x').code).toBe('SAGA_UNKNOWN');
  });
});
