import 'reflect-metadata';
import path from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import Database from 'libsql';
import { SagaModule, SagaNotFoundError, SagaRunner, type SagaHandle } from 'nest-saga';
import { SqliteSagaStorage } from 'nest-saga/sqlite';
import { ChargePayment, OrderSaga, ReserveInventory, ShipOrder } from './order-saga.js';
import { Outside } from './outside.js';
import type { WorkerOptions } from './story.js';

const { directory, order, stuckIn } = JSON.parse(process.argv[2] ?? '') as WorkerOptions;

@Module({
  imports: [
    SagaModule.forRoot({
      storage: new SqliteSagaStorage({ client: new Database(path.join(directory, 'sagas.db')) }),
    }),
  ],
  providers: [
    OrderSaga,
    ReserveInventory,
    ChargePayment,
    ShipOrder,
    { provide: Outside, useFactory: () => new Outside(directory, { stuckIn, onStuck: () => process.send?.('stuck') }) },
  ],
})
class WorkerModule {}

// The application looks for interrupted sagas as soon as it has started. Nobody has to ask it to.
const app = await NestFactory.createApplicationContext(WorkerModule, { logger: ['warn', 'error'] });
const sagas = app.get(SagaRunner);

const saga = await findOrStart();
await saga.result().catch(() => undefined);
await app.close();

/** The first worker starts the saga. The second one only waits for it. */
async function findOrStart(): Promise<SagaHandle<OrderSaga>> {
  try {
    return await sagas.get<OrderSaga>(order.orderId);
  } catch (error) {
    if (!(error instanceof SagaNotFoundError)) throw error;
    return sagas.start(OrderSaga, order, { id: order.orderId });
  }
}
