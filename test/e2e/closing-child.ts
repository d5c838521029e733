import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InMemorySagaStorage, Saga, SagaDefinition, SagaModule, SagaRunner, SagaStep } from 'nest-saga';

/** Started by closing.test.ts: an application that closes while an act hangs, and has nothing else to do then. */
@SagaStep({ timeout: 3_600_000 })
class Hang {
  act(): Promise<never> {
    return new Promise(() => undefined);
  }

  compensate(): void {}
}

@Saga({ steps: [Hang] })
class HangingSaga extends SagaDefinition<object> {}

@Module({
  imports: [SagaModule.forRoot({ storage: new InMemorySagaStorage(), shutdown: { gracePeriod: 10 } })],
  providers: [HangingSaga, Hang],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
await app.get(SagaRunner).start(HangingSaga, {});
await app.close();
process.stdout.write('closed\n');
