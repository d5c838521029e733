/** A test of a user's, in Jest and CommonJS, which loads the package by the configuration that the README shows. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InMemorySagaStorage, Saga, SagaDefinition, SagaModule, SagaRunner, SagaStep } from 'nest-saga';

interface Order {
  reserved: boolean;
}

@SagaStep()
class ReserveStock {
  act(order: Order) {
    order.reserved = true;
  }

  compensate() {}
}

@Saga({ steps: [ReserveStock] })
class OrderSaga extends SagaDefinition<Order> {}

@Module({
  imports: [SagaModule.forRoot({ storage: new InMemorySagaStorage() })],
  providers: [OrderSaga, ReserveStock],
})
class AppModule {}

test('an order is reserved', async () => {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  expect(await app.get(SagaRunner).run(OrderSaga, { reserved: false })).toEqual({ reserved: true });
  await app.close();
});
