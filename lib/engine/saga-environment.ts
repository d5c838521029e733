import type { SagaSerializer } from '../context/saga-serializer.js';
import type { LogObservers } from '../events/log-observers.js';
import type { SagaStorage } from '../storage/saga-storage.js';
import type { EngineOptions } from './engine-options.js';
import type { StepInvoker } from './step-invoker.js';
import type { StorageClock } from './storage-clock.js';
import type { StorageOutage } from './storage-outage.js';

/** What every saga of a worker runs in. */
export interface SagaEnvironment {
  readonly storage: SagaStorage;
  readonly serializer: SagaSerializer;
  readonly invoker: StepInvoker;
  readonly clock: StorageClock;
  readonly outage: StorageOutage;
  readonly observers: LogObservers;
  readonly options: EngineOptions;
  /** Milliseconds from the end of a round of compensation that has not undone everything to the next one. */
  readonly roundDelay: (round: number) => number;
}
