import type { SagaSerializer } from '../context/saga-serializer.js';
import { ContextValidation } from '../context/context-validation.js';
import type { SagaRegistry } from '../discovery/saga-registry.js';
import { LogObservers } from '../events/log-observers.js';
import type { SagaStorage } from '../storage/saga-storage.js';
import { roundDelayOf, type EngineOptions } from './engine-options.js';
import { HintSubscription } from './hint-subscription.js';
import { LogFollower } from './log-follower.js';
import { OperatorDesk } from './operator-desk.js';
import { within } from './pause.js';
import { Recovery } from './recovery.js';
import type { SagaEnvironment } from './saga-environment.js';
import { StorageClock } from './storage-clock.js';
import { StorageOutage } from './storage-outage.js';
import type { StepInvoker } from './step-invoker.js';
import { Worker } from './worker.js';

export interface EngineParts {
  readonly storage: SagaStorage;
  readonly serializer: SagaSerializer;
  readonly invoker: StepInvoker;
  readonly registry: SagaRegistry;
  readonly options: EngineOptions;
}

/** One module's engine: its parts, and the order in which they start and stop. All state of a running module is in here. */
export class SagaEngine {
  readonly env: SagaEnvironment;
  readonly registry: SagaRegistry;
  readonly validation = new ContextValidation();
  readonly worker: Worker;
  readonly recovery: Recovery;
  readonly follower: LogFollower;
  readonly operators: OperatorDesk;
  /** What other processes leave for a worker to do. */
  private readonly wanted: HintSubscription;

  constructor({ registry, ...parts }: EngineParts) {
    this.env = {
      ...parts,
      clock: new StorageClock(),
      outage: new StorageOutage(),
      observers: new LogObservers(),
      roundDelay: roundDelayOf(parts.options),
    };
    this.registry = registry;
    this.worker = new Worker(this.env, (execution) => this.recovery.onLeft(execution));
    this.recovery = new Recovery(this.env, this.worker, registry);
    this.follower = new LogFollower(this.env, (id) => this.worker.executionOf(id) !== undefined);
    this.operators = new OperatorDesk(this.env, this.worker, this.recovery, this.follower);
    this.wanted = new HintSubscription(this.env.storage, 'wanted', (sagaIds) => this.heed(sagaIds));
  }

  /** The registry is filled; from here on sagas can run. */
  async open(): Promise<void> {
    const sagas = this.registry.all();
    const types = sagas.flatMap(({ contextType }) => (contextType === undefined ? [] : [contextType]));
    await this.env.storage.open();
    await this.validation.prepare(types);
    await this.env.serializer.prepare?.(types);
    await this.env.invoker.prepare(sagas);
    await this.worker.open();
    this.wanted.begin();
  }

  /** Recovery works in the background: it must not hold up the application's start. */
  startRecovery(): void {
    this.recovery.start();
  }

  /** What is in flight gets its grace period; then the lease is given up. Nothing runs, waits or polls afterwards. */
  async close(): Promise<void> {
    const stopped = this.recovery.stop();
    const deaf = this.wanted.end();
    await this.worker.close();
    await within(this.env.options.shutdown.gracePeriod, Promise.all([stopped, deaf, this.follower.close()]));
    await this.env.storage.close();
  }

  /** Operators ask for some that run here; the others are for whoever has room. Without this, the next heartbeat or look finds them. */
  private heed(sagaIds: readonly string[]): void {
    const here = sagaIds.flatMap((id) => this.worker.executionOf(id) ?? []);
    for (const execution of here) execution.heed();
    if (sagaIds.length === 0 || here.length < sagaIds.length) this.recovery.hurry();
  }
}
