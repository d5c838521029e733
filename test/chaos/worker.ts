import 'reflect-metadata';
import { Module, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createInterface } from 'node:readline';
import { SagaModule, SagaRunner, type LogEntry, type SagaHandle } from 'nest-saga';
import { EffectLedger } from '../crash/effect-ledger.js';
import { writeApplicationRow } from '../harness/application-table.js';
import { connectTo, type StorageLocation } from '../harness/process-storage.js';
import { definitionAt, definitionsOf, type Release } from './definitions.js';
import { thinksBetter } from './plan.js';
import { ORDER, chaosClasses, type ChaosSaga } from './saga-classes.js';
import { shiftClock } from './shifted-clock.js';
import { countConflicts } from './refused-writes.js';

/** What a worker process is started with. */
export interface WorkerOrder {
  readonly seed: number;
  readonly release: Release;
  readonly location: StorageLocation;
  readonly ledger: string;
  /** How wrong this host's clock is; ms. */
  readonly clockShift: number;
  readonly lease: number;
}

/** What it is told while it runs, a line of JSON each. */
export interface Command {
  readonly does: 'run' | 'start' | 'start within' | 'cancel' | 'recover' | 'recoverAll' | 'retry' | 'resolve';
  /** The saga's number. */
  readonly saga: number;
}

/** What it says, a line of JSON each. */
export type Said =
  | { readonly type: 'ready' }
  /** How `run()`, `start()` or `result()` ended for a caller: `completed`, `started`, or an error's code or name. */
  | { readonly type: 'told'; readonly saga: number; readonly told: string }
  /** A write that came late and changed nothing; `adopted`: it was the writer's own, whose answer had been lost. */
  | { readonly type: 'refused'; readonly adopted: boolean }
  | { readonly type: 'surprise'; readonly error: string };

const order = JSON.parse(process.argv[2] ?? '') as WorkerOrder;
shiftClock(order.clockShift);

const say = (said: Said): void => void process.stdout.write(`${JSON.stringify(said)}\n`);
const connected = await connectTo(order.location);
const sharesTransactions = connected.storage.capabilities.transactions;
const { sagas, providers } = chaosClasses(definitionsOf({ seed: order.seed, sharesTransactions }, order.release), {
  seed: order.seed,
  ledger: new EffectLedger(order.ledger),
  storage: order.location.storage,
});
const storage = countConflicts(connected.storage, (adopted) => say({ type: 'refused', adopted }));

@Module({
  imports: [
    SagaModule.forRoot({
      storage,
      recovery: { interval: 200 },
      lease: { duration: order.lease },
      shutdown: { gracePeriod: 300 },
    }),
  ],
  providers: [...providers],
})
class WorkerModule {}

const SILENT: LoggerService = { log: () => undefined, error: () => undefined, warn: () => undefined };
const application = await NestFactory.createApplicationContext(WorkerModule, { logger: SILENT, abortOnError: false });
const runner = application.get(SagaRunner);

process.on('SIGTERM', () => {
  void application
    .close()
    .then(() => connected.disconnect())
    .then(() => process.exit(0));
});
say({ type: 'ready' });
const commands = createInterface(process.stdin);
// Whoever leads the run is gone, and could not say so: nobody would end this process any more.
commands.on('close', () => process.exit(1));
commands.on('line', (line) => {
  const command = JSON.parse(line) as Command;
  obey(command).catch((error: unknown) => {
    const told = nameOf(error);
    if (told === undefined) say({ type: 'surprise', error: stackOf(error) });
    else if (isStart(command)) say({ type: 'told', saga: command.saga, told });
  });
});

/** The caller's own transaction has failed, or nobody knows. */
class NotCommitted extends Error {
  override readonly name = 'NotCommitted';
}

async function obey({ does, saga }: Command): Promise<void> {
  const id = `chaos-${String(saga)}`;
  const type = sagas.get(definitionAt(order.seed, saga)) as ChaosSaga;
  switch (does) {
    case 'run':
      await runner.run(type, { trail: [] }, { id });
      return say({ type: 'told', saga, told: 'completed' });
    case 'start': {
      const handle = await runner.start(type, { trail: [] }, { id });
      say({ type: 'told', saga, told: 'started' });
      await handle.result();
      return say({ type: 'told', saga, told: 'completed' });
    }
    case 'start within': {
      await (await startWithin(type, saga)).result();
      return say({ type: 'told', saga, told: 'completed' });
    }
    case 'cancel':
      return (await runner.get(id)).cancel('chaos');
    case 'recover':
      await runner.recover(id);
      return;
    case 'recoverAll':
      await runner.recoverAll();
      return;
    case 'retry':
      return (await runner.get(id)).retryCompensation();
    case 'resolve':
      return resolve(await runner.get(id));
  }
}

type ChaosHandle = SagaHandle<InstanceType<ChaosSaga>>;

/** Starts a saga in a transaction, some of which are rolled back. Where that fails, nobody but the handle can tell whether it was committed. */
async function startWithin(type: ChaosSaga, saga: number): Promise<ChaosHandle> {
  const id = `chaos-${String(saga)}`;
  const started: { handle?: ChaosHandle } = {};
  try {
    await connected.transaction(async (transaction) => {
      await writeApplicationRow(order.location.storage, transaction, { ...ORDER, sagaId: id });
      started.handle = await runner.start(type, { trail: [] }, { id, transaction });
      if (thinksBetter(order.seed, saga)) throw new NotCommitted('the caller thinks better of it');
    });
    say({ type: 'told', saga, told: 'started' });
  } catch (error) {
    if (started.handle === undefined) {
      throw nameOf(error) === undefined ? new NotCommitted('the caller failed', { cause: error }) : error;
    }
  }
  return started.handle as ChaosHandle;
}

function isStart({ does }: Command): boolean {
  return does === 'run' || does === 'start' || does === 'start within';
}

/** By hand, the last step whose compensation failed. */
async function resolve(handle: SagaHandle): Promise<void> {
  const failed = (await handle.history()).findLast(isFailedCompensation);
  if (failed?.step !== undefined) await handle.resolve(failed.step, { reason: 'chaos' });
}

function isFailedCompensation(entry: LogEntry): boolean {
  return entry.event === 'failed' && entry.step !== undefined && entry.phase === 'compensate';
}

/** The code or name of an error that callers are told; `undefined` for one that nobody expects. */
function nameOf(error: unknown): string | undefined {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === 'string' && code.startsWith('SAGA_')) return code;
  return name === 'Refusal' || name === 'AbortError' || name === 'NotCommitted' ? name : undefined;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
