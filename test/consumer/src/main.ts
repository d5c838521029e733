/** The smallest application that uses the package as its users do: one step that fails, one that is undone. */
import 'reflect-metadata';
import { ConflictException, HttpException, Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  InMemorySagaStorage,
  Saga,
  SagaDefinition,
  SagaModule,
  SagaRunner,
  SagaStep,
  type SagaStepHandler,
  type StepExecution,
} from 'nest-saga';
import { PostgresSagaStorage } from 'nest-saga/postgres';
import { RedisSagaStorage } from 'nest-saga/redis';
import { SqliteSagaStorage } from 'nest-saga/sqlite';

interface OrderContext {
  orderId: string;
  amount: number;
  charged?: string;
}

@Injectable()
class Ledger {
  readonly lines: string[] = [];
}

@SagaStep()
class ReserveInventory implements SagaStepHandler<OrderContext, { reservation: string }> {
  constructor(private readonly ledger: Ledger) {}

  async act(context: OrderContext, execution: StepExecution) {
    this.ledger.lines.push(`reserve ${execution.idempotencyKey === `${execution.sagaId}:ReserveInventory:act`}`);
    return { reservation: `r-${context.orderId}` };
  }

  async compensate(_context: OrderContext, result: { reservation: string } | undefined) {
    this.ledger.lines.push(`release ${result?.reservation}`);
  }
}

@SagaStep()
class ChargePayment implements SagaStepHandler<OrderContext, void> {
  async act(context: OrderContext) {
    if (context.amount > 100) throw new ConflictException('too expensive');
    context.charged = `${context.amount} EUR`;
  }

  compensate() {}
}

@Saga({ steps: [ReserveInventory, ChargePayment] })
class OrderSaga extends SagaDefinition<OrderContext> {}

@Module({
  imports: [SagaModule.forRoot({ storage: new InMemorySagaStorage() })],
  providers: [Ledger, OrderSaga, ReserveInventory, ChargePayment],
})
class AppModule {}

async function main() {
  Logger.overrideLogger(false);
  const app = await NestFactory.createApplicationContext(AppModule);
  const runner = app.get(SagaRunner);

  const context: OrderContext = await runner.run(OrderSaga, { orderId: 'o-1', amount: 42 });
  const conflict: unknown = await runner
    .run(OrderSaga, { orderId: 'o-2', amount: 420 })
    .catch((error: unknown) => error);
  const missing: unknown = await runner.get('no-such-saga').catch((error: unknown) => error);
  const ledger = app.get(Ledger).lines;
  await app.close();

  console.log(
    JSON.stringify({
      charged: context.charged,
      conflict: conflict instanceof ConflictException,
      missing: missing instanceof HttpException && missing.getStatus(),
      ledger,
      postgres: typeof PostgresSagaStorage,
      redis: typeof RedisSagaStorage,
      sqlite: typeof SqliteSagaStorage,
    }),
  );
}

void main();
