import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SagaModule, SagaNotFoundError, SagaRunner, isFinal, type SagaModuleOptions, type SagaView } from 'nest-saga';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { connectTo, type StorageLocation } from '../harness/process-storage.js';
import { CrashPoints, type CrashPoint } from './crash-points.js';
import { CrashingStorage } from './crashing-storage.js';
import { EffectLedger } from './effect-ledger.js';
import { scenario, type ScenarioName } from './scenarios.js';

/** What a process does with its sagas; it ends when they all rest. */
export interface ChildTask {
  /** `finish`: it only takes up what others left, as recovery does on its own. */
  readonly does: 'run' | 'recover' | 'finish';
  readonly sagas: readonly string[];
  /** It dies when each of these sagas has come to its place, and stands there. */
  readonly crashAt?: readonly CrashPoint[] | undefined;
}

/** A process that runs sagas, as an application would; what it is to do is in the file that its first argument names. */
export interface ChildOrder extends ChildTask {
  readonly scenario: ScenarioName;
  readonly location: StorageLocation;
  readonly ledger: string;
  readonly reached: string;
  /** The file that a held step waits for. */
  readonly gate: string;
  readonly options?: Omit<SagaModuleOptions, 'storage'>;
}

/** Milliseconds that sagas may take to come to their places. */
const PATIENCE = 60_000;

const order = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ChildOrder;
const points = new CrashPoints(order);
const connected = await connectTo(order.location);
const storage = new CrashingStorage(connected.storage, points);
const cancels: Promise<void>[] = [];
const { saga, steps } = scenario(order.scenario, {
  ledger: new EffectLedger(order.ledger),
  points,
  storage: order.location.storage,
  gate: order.gate,
  isRenewed: () => storage.isRenewed,
  cancel,
});

@Module({ imports: [SagaModule.forRoot({ storage, ...order.options })], providers: [saga, ...steps] })
class ChildModule {}

process.stdout.write(`${String(Date.now())}\n`);
const application = await NestFactory.createApplicationContext(ChildModule, { logger: false });
const runner = application.get(SagaRunner);
points.expectWithin(PATIENCE);
await Promise.all(order.sagas.map(begin));
for (const id of order.sagas) await untilItRests(id);
await Promise.all(cancels);
await application.close();
await connected.disconnect();

async function begin(id: string): Promise<void> {
  switch (order.does) {
    case 'run':
      process.stdout.write(`${await outcome(id)}\n`);
      return;
    case 'recover':
      // One that was killed before its saga was durable has left nothing to recover.
      await runner.recover(id).catch(unlessUnknown);
      return;
    case 'finish':
      return;
  }
}

/** An operator's call. Resolves when the request is stored: its answer comes with the saga's next write. */
async function cancel(id: string): Promise<void> {
  const stored = storage.requested(id);
  cancels.push(runner.get(id).then((handle) => handle.cancel('no longer wanted')));
  await stored;
}

/** What the caller of run() is told. */
async function outcome(id: string): Promise<string> {
  try {
    await runner.run(saga, { steps: [] }, { id });
    return 'completed';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

async function untilItRests(id: string): Promise<void> {
  try {
    const handle = await runner.get(id);
    while (!rests(await handle.record())) await setTimeout(5);
  } catch (error) {
    unlessUnknown(error);
  }
}

/** It is final, or parked, or waits for another round, which only recovery begins. */
function rests({ status, heldReason }: SagaView): boolean {
  if (isFinal(status) || heldReason !== undefined) return true;
  return status === 'COMPENSATION_FAILED' && order.does !== 'finish';
}

function unlessUnknown(error: unknown): void {
  if (!(error instanceof SagaNotFoundError)) throw error;
}
