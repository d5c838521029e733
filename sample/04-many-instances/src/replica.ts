import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SagaModule } from 'nest-saga';
import { OrdersModule } from '../../01-order-fulfilment/src/orders/orders.module.js';
import { openPool, sagaStorage } from './database.js';

/** The order application of the first sample, with its sagas in PostgreSQL: nothing else is needed to run it many times. */
@Module({
  imports: [SagaModule.forRootAsync({ useFactory: () => ({ storage: sagaStorage(openPool()) }) }), OrdersModule],
})
class ReplicaModule {}

const app = await NestFactory.create(ReplicaModule, { logger: ['warn', 'error'], forceCloseConnections: true });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
process.send?.(await app.getUrl());
