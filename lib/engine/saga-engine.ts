import type { SagaSerializer } from '../context/saga-serializer.js';
import { ContextValidation } from '../context/context-validation.js';
import type { SagaRegistry } from '../discovery/saga-registry.js';
import { LogObservers } from '../events/log-observers.js';
import type { SagaStorage } from '../storage/saga-storage.js';
import type { EngineOptions } from './engine-options.js';
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

  constructor({ registry, ...parts }: EngineParts) {
    this.env = { ...parts, clock: new StorageClock(), outage: new StorageOutage(), observers: new LogObservers() };
    this.registry = registry;
    this.worker = new Worker(this.env, () => this.recovery.onRoom());
    this.recovery = new Recovery(this.env, this.worker, registry);
    this.follower = new LogFollower(this.env);
    this.operators = new OperatorDesk(this.env, this.worker, this.recovery, this.follower);
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
  }

  /** Recovery works in the background: it must not hold up the application's start. */
  startRecovery(): void {
    this.recovery.start();
  }

  /** What is in flight gets its grace period; then the lease is given up. Nothing runs, waits or polls afterwards. */
  async close(): Promise<void> {
    const stopped = this.recovery.stop();
    await this.worker.close();
    await within(this.env.options.shutdown.gracePeriod, stopped);
    this.follower.close();
    await this.env.storage.close();
  }
}
