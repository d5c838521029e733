import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SagaModule, SagaRunner, type SagaModuleOptions } from 'nest-saga';
import { ChargePayment, OrderSaga, ReserveInventory, ShipOrder } from './order-saga.js';

/** A running Nest application with sagas in it. */
export interface Application {
  readonly runner: SagaRunner;
  close(): Promise<void>;
}

/** What an application that runs orders provides. */
export const ORDER_PROVIDERS: readonly Type[] = [OrderSaga, ReserveInventory, ChargePayment, ShipOrder];

/** Starts an application as its users would; with the order saga, unless other providers are given. */
export async function startApplication(
  options: SagaModuleOptions,
  providers: readonly Type[] = ORDER_PROVIDERS,
): Promise<Application> {
  @Module({ imports: [SagaModule.forRoot(options)], providers: [...providers] })
  class AppModule {}
  const application = await NestFactory.createApplicationContext(AppModule, { logger: false });
  return { runner: application.get(SagaRunner), close: () => application.close() };
}
