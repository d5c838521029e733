import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import Database from 'libsql';
import { SagaModule, SagaNotFoundError, SagaRunner, isFinal, type SagaModuleOptions } from 'nest-saga';
import { SqliteSagaStorage } from 'nest-saga/sqlite';
import { setTimeout } from 'node:timers/promises';
import { CrashPoints } from './crash-points.js';
import { CrashingStorage } from './crashing-storage.js';
import { EffectLedger } from './effect-ledger.js';
import { scenario, type ScenarioName } from './scenarios.js';

/** A process that runs sagas, as an application would; what it is to do stands in its first argument. */
export interface ChildOrder {
  readonly scenario: ScenarioName;
  readonly database: string;
  readonly ledger: string;
  readonly reached: string;
  /** The file that a held step waits for. */
  readonly gate: string;
  readonly crashAt?: string | undefined;
  /** Whether it starts the saga; otherwise it only recovers what others left. */
  readonly starts: boolean;
  readonly sagaId: string;
  readonly options?: Omit<SagaModuleOptions, 'storage'>;
}

const order = JSON.parse(process.argv[2] ?? '') as ChildOrder;
const points = new CrashPoints(order);
const { saga, steps } = scenario(order.scenario, { ledger: new EffectLedger(order.ledger), points, gate: order.gate });
const storage = new CrashingStorage(new SqliteSagaStorage({ client: new Database(order.database) }), points);

@Module({ imports: [SagaModule.forRoot({ storage, ...order.options })], providers: [saga, ...steps] })
class ChildModule {}

const application = await NestFactory.createApplicationContext(ChildModule, { logger: false });
const runner = application.get(SagaRunner);
process.stdout.write('ready\n');
if (order.starts) process.stdout.write(`${await outcome()}\n`);
await untilFinal();
await application.close();

/** What the caller of run() is told. */
async function outcome(): Promise<string> {
  try {
    await runner.run(saga, { steps: [] }, { id: order.sagaId });
    return 'completed';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

/** Recovery works on its own; this process only stays until there is nothing left to do. */
async function untilFinal(): Promise<void> {
  for (;;) {
    try {
      const handle = await runner.get(order.sagaId);
      if (isFinal((await handle.record()).status)) return;
    } catch (error) {
      if (error instanceof SagaNotFoundError) return;
      throw error;
    }
    await setTimeout(5);
  }
}
