import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { SagaRunner } from 'nest-saga';
import { AppModule } from './app.module.js';
import { OrderSaga, type OrderContext } from './orders/order.saga.js';

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
const sagas = app.get(SagaRunner);

await place('An order that goes through', { orderId: 'order-1', amount: 42, carrier: 'van', trace: 'trace-a' });
await place('A guard refuses a step', { orderId: 'order-2', amount: 5000, carrier: 'van', trace: 'trace-b' });
await place('A step takes too long', { orderId: 'order-3', amount: 42, carrier: 'snail', trace: 'trace-c' });

await app.close();

async function place(title: string, order: OrderContext): Promise<void> {
  console.log(`\n${title}\n`);
  const saga = await sagas.start(OrderSaga, order, { id: order.orderId });
  const outcome = await saga.result().then(
    () => 'COMPLETED',
    (error: unknown) => `undone: ${String(error)}`,
  );
  console.log(`  ${order.orderId} ${outcome}`);
  const charged = (await saga.history()).find(({ step, event }) => step === 'charge-payment' && event === 'completed');
  if (charged && 'result' in charged) console.log(`  stored of the payment: ${JSON.stringify(charged.result)}`);
}
