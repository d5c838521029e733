import { Module } from '@nestjs/common';
import { SagaModule } from 'nest-saga';
import { SqliteSagaStorage } from 'nest-saga/sqlite';
import { openDatabase } from './database.js';
import { OrdersModule } from './orders/orders.module.js';
import { SagasController } from './sagas/sagas.controller.js';

@Module({
  imports: [
    SagaModule.forRootAsync({
      useFactory: () => ({
        storage: new SqliteSagaStorage({ client: openDatabase() }),
        // Short, so that one can watch it: three attempts within two seconds, further rounds after 5 s, 10 s, 20 s …
        compensation: { retryCount: 3, retryDelay: 500 },
      }),
    }),
    OrdersModule,
  ],
  controllers: [SagasController],
})
export class AppModule {}
