import type { DiscoveryService } from '@nestjs/core';
import type { ExecutionPolicy } from '../definition/fallback.js';
import type { StepPlan } from '../definition/plan.js';
import type { StepClass } from '../definition/step-handler.js';

/** Nest's own record of a provider (its `InstanceWrapper`, which `@nestjs/core` does not export by name). */
export type ProviderWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A step of a saga definition: its plan, its provider, and those of its options that are code. */
export interface RegisteredStep {
  readonly name: string;
  readonly plan: StepPlan;
  /** The class that the saga names, which is the provider's token; tests may have another class behind it. */
  readonly type: StepClass<never>;
  readonly wrapper: ProviderWrapper;
  /** It, or something that it injects, is request-scoped or transient: it is resolved anew for each saga. */
  readonly perSaga: boolean;
  /** The name of the module that provides it, for messages. */
  readonly module: string;
  /** `retry.retryIf` of `@SagaStep()`. */
  readonly retryIf?: (error: unknown) => boolean;
  /** Set on the primary of a fallback. */
  readonly fallback?: RegisteredFallback;
}

/** What a step does that is the primary of a fallback; of nested ones, the nearest counts. */
export interface RegisteredFallback {
  /** For which errors the backup acts. */
  readonly on: (error: unknown) => boolean;
  readonly policy?: ExecutionPolicy;
}
