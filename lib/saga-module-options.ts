import type { NestInterceptor, Type } from '@nestjs/common';
import type { SagaSerializer } from './context/saga-serializer.js';
import type { CompensationOptions } from './definition/retry-policy.js';
import type { EngineOptions } from './engine/engine-options.js';
import type { SagaStorage } from './storage/saga-storage.js';

/** Options of `SagaModule.forRoot()`. All times are milliseconds; 0, negative numbers and NaN are refused when the application starts. */
export interface SagaModuleOptions {
  /** Where sagas live: `new InMemorySagaStorage()`, `new SqliteSagaStorage({ client })`, … */
  readonly storage: SagaStorage;
  /**
   * How compensations are retried, where neither the step nor the saga says otherwise. Default: `retryCount` 3 (all attempts),
   * `retryDelay` 1,000, `retryBackoff` 2, `maxRetryDelay` 60,000, `jitter` 0, `onExhausted` `'continue'`.
   */
  readonly compensation?: CompensationOptions;
  /** How sagas without a worker are found. Default: enabled, every 5,000 ms. */
  readonly recovery?: RecoveryOptions;
  /** How long this worker is trusted without a sign of life. Default: 15,000 ms. */
  readonly lease?: LeaseOptions;
  /** What happens when the application closes. Default: 10,000 ms of grace. */
  readonly shutdown?: ShutdownOptions;
  /** How many sagas run in this worker at once; what `start()` brings beyond it waits as PENDING. Default: 10,000. */
  readonly concurrency?: number;
  /** Turns contexts and results into what is stored, and back. Default: `new JsonSagaSerializer()`. */
  readonly serializer?: SagaSerializer;
  /** Run around every step of every saga, outermost first. Of classes, Nest makes instances with their dependencies. */
  readonly interceptors?: readonly (NestInterceptor | Type<NestInterceptor>)[];
  /** Whether the application's global guards, pipes, interceptors and filters run on steps too. Default: `false`; they were written for requests. */
  readonly inheritAppConfig?: boolean;
}

/** How sagas whose worker is gone are found and taken up. Times are milliseconds. */
export interface RecoveryOptions {
  /** Whether sagas without a worker are looked for automatically. Default: `true`. */
  readonly enabled?: boolean;
  /** How often; also the delay of the first further round of failed compensations, which doubles with each. Default: 5,000. */
  readonly interval?: number;
  /** How often a saga that makes no progress is taken up before it is parked. Default: 10. */
  readonly maxAttempts?: number;
  /** How many recovered sagas run here at once. Default: 50. */
  readonly concurrency?: number;
  /**
   * Only sagas with these definition names are looked for; `recover(id)` and operators reach the others too. Default: all that this
   * application has.
   */
  readonly sagas?: readonly string[];
}

/** The worker's lease, an idea as old as Gray and Cheriton's (1989). Times are milliseconds. */
export interface LeaseOptions {
  /**
   * How long others wait for a worker that they hear nothing from. It renews three times as often. After a restart on the same
   * host nobody waits. Default: 15,000.
   */
  readonly duration?: number;
}

/** Closing of the application. Times are milliseconds. */
export interface ShutdownOptions {
  /** How long running steps may take to end when the application closes. Default: 10,000. */
  readonly gracePeriod?: number;
}

/** The engine's options, with the defaults filled in. */
export function engineOptionsOf({ recovery = {}, lease, shutdown, concurrency }: SagaModuleOptions): EngineOptions {
  return {
    recovery: {
      enabled: recovery.enabled ?? true,
      interval: recovery.interval ?? 5_000,
      maxAttempts: recovery.maxAttempts ?? 10,
      concurrency: recovery.concurrency ?? 50,
      ...(recovery.sagas === undefined ? {} : { sagas: recovery.sagas }),
    },
    lease: { duration: lease?.duration ?? 15_000 },
    shutdown: { gracePeriod: shutdown?.gracePeriod ?? 10_000 },
    concurrency: concurrency ?? 10_000,
  };
}
