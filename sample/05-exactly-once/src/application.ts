import 'reflect-metadata';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SagaModule } from 'nest-saga';
import { PostgresSagaStorage } from 'nest-saga/postgres';
import type { DataSource } from 'typeorm';
import { SCHEMA } from '../../postgres-schema.js';
import { Calls, type Place } from './calls.js';
import { Credit, Debit, SendReceipt, TransferSaga } from './transfer.saga.js';

/** The application: its sagas are in the database in which its money is, by the same DataSource. */
export function startApplication(database: DataSource, killedIn?: Place): Promise<INestApplicationContext> {
  @Module({
    imports: [SagaModule.forRoot({ storage: new PostgresSagaStorage({ client: database, schema: SCHEMA }) })],
    providers: [TransferSaga, Debit, Credit, SendReceipt, { provide: Calls, useValue: new Calls(database, killedIn) }],
  })
  class BankModule {}
  return NestFactory.createApplicationContext(BankModule, { logger: ['warn', 'error'] });
}
