import type { DiscoveryService } from '@nestjs/core';
import type { ContextType } from '../context/context-type.js';
import type { ExecutionPolicy } from '../definition/fallback.js';
import type { Plan, StepPlan } from '../definition/plan.js';
import type { SagaClass } from '../definition/saga-definition.js';
import type { StepClass } from '../definition/step-handler.js';
import type { PlanShape } from '../storage/saga-record.js';

/** Nest's own record of a provider (its `InstanceWrapper`, which `@nestjs/core` does not export by name). */
export type ProviderWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A saga definition of this application, with everything that was looked up once at bootstrap. */
export interface RegisteredSaga {
  readonly name: string;
  readonly version: number;
  readonly definition: SagaClass<never>;
  /** The provider of the definition, whose enhancers run around each of its steps. */
  readonly wrapper: ProviderWrapper;
  /** A class or a Standard Schema; absent: contexts are plain objects. */
  readonly contextType?: ContextType;
  readonly plan: Plan;
  /** What is stored with each saga of it, and compared with on the way back. */
  readonly shape: PlanShape;
  /** Identifies {@link shape}; claims are filtered by it. */
  readonly hash: string;
  readonly steps: ReadonlyMap<string, RegisteredStep>;
}

/** A step of a saga definition: its plan, its provider, and those of its options that are code. */
export interface RegisteredStep {
  readonly name: string;
  readonly plan: StepPlan;
  /** The class that the saga names, which is the provider's token; tests may have another class behind it. */
  readonly type: StepClass<never>;
  /** `wrapper.isDependencyTreeStatic()` is `false` for a step that needs a DI context of its own for each saga. */
  readonly wrapper: ProviderWrapper;
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
