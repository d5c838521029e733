import { Module } from '@nestjs/common';
import { InMemorySagaStorage, SagaModule } from 'nest-saga';
import { LoggingInterceptor } from './enhancers/logging.interceptor.js';
import { TraceInterceptor } from './enhancers/trace.interceptor.js';
import { TraceModule } from './enhancers/trace.module.js';
import { Bank } from './orders/bank.js';
import { ChargePayment, OrderSaga, ReserveInventory, ShipOrder } from './orders/order.saga.js';

@Module({
  imports: [
    TraceModule,
    SagaModule.forRoot({
      storage: new InMemorySagaStorage(),
      // Around every step of every saga, the outermost first; Nest makes the instances.
      interceptors: [TraceInterceptor, LoggingInterceptor],
    }),
  ],
  providers: [OrderSaga, ReserveInventory, ChargePayment, ShipOrder, Bank],
})
export class AppModule {}
