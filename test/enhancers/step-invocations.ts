import type { DynamicModule, INestApplication, ModuleMetadata } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, ExternalContextCreator, ModuleRef, ModulesContainer } from '@nestjs/core';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import type { AnySagaClass } from '../../lib/definition/saga-definition.js';
import type { ActOutcome, StepClass } from '../../lib/definition/step-handler.js';
import type { RegisteredSaga } from '../../lib/discovery/registered-saga.js';
import { SagaExplorer } from '../../lib/discovery/saga-explorer.js';
import { StepAttempt } from '../../lib/engine/step-attempt.js';
import { StepInvoker, type StepInvokerOptions } from '../../lib/engine/step-invoker.js';
import type { Phase } from '../../lib/storage/log-entry.js';

type InvokerSettings = Pick<StepInvokerOptions, 'interceptors' | 'inheritAppConfig'>;

/** What became of one invocation, as the engine sees it. */
export interface Invocation {
  readonly value?: unknown;
  readonly error?: unknown;
  /** Of a rejection: what it means for the handler. */
  readonly outcome?: 'failed' | 'unknown';
  readonly attempt: StepAttempt;
}

export interface InvocationOptions {
  readonly phase?: Phase;
  readonly context?: object;
  readonly result?: unknown;
  /** The execution that it belongs to. Default: one for itself. */
  readonly scope?: object;
  readonly sagaId?: string;
  readonly outcome?: ActOutcome;
}

class InvokerModule {
  static with(settings: InvokerSettings): DynamicModule {
    return {
      module: InvokerModule,
      imports: [DiscoveryModule],
      providers: [
        {
          provide: StepInvoker,
          inject: [ModuleRef, ModulesContainer, ExternalContextCreator],
          useFactory: (moduleRef: ModuleRef, modules: ModulesContainer, creator: ExternalContextCreator) =>
            new StepInvoker({ ...settings, moduleRef, modules, externalContextCreator: creator }),
        },
      ],
    };
  }
}

export interface ApplicationParts extends ModuleMetadata, InvokerSettings {
  /** Replaces providers, as tests of applications do. */
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  /** What a main.ts does before it listens. */
  readonly configure?: (app: INestApplication) => void;
}

const unchanged = (builder: TestingModuleBuilder) => builder;

/** A real Nest application whose steps are called by the invoker alone: no engine, no storage. */
export class StepInvocations {
  private constructor(
    readonly app: INestApplication,
    readonly invoker: StepInvoker,
    private readonly sagas: readonly RegisteredSaga[],
  ) {}

  static async in(parts: ApplicationParts): Promise<StepInvocations> {
    const { interceptors, inheritAppConfig, override = unchanged, configure, imports = [], ...metadata } = parts;
    const settings = {
      ...(interceptors === undefined ? {} : { interceptors }),
      ...(inheritAppConfig === undefined ? {} : { inheritAppConfig }),
    };
    const builder = Test.createTestingModule({ ...metadata, imports: [InvokerModule.with(settings), ...imports] });
    const app = (await override(builder).compile()).createNestApplication();
    app.useLogger(['fatal']);
    configure?.(app);
    await app.init();
    const discovery = app.get(DiscoveryService, { strict: false });
    const sagas = new SagaExplorer(discovery).explore({ storage: { name: 'no storage', transactions: false } });
    const invoker = app.get(StepInvoker, { strict: false });
    await invoker.prepare(sagas);
    return new StepInvocations(app, invoker, sagas);
  }

  async act(saga: AnySagaClass, type: StepClass<never>, options: InvocationOptions = {}): Promise<Invocation> {
    const { phase = 'act', context = {}, result, scope = {}, sagaId = 'saga-1', outcome } = options;
    const registered = this.sagas.find(({ definition }) => definition === saga)!;
    const step = [...registered.steps.values()].find((candidate) => candidate.type === type)!;
    const attempt = new StepAttempt({
      sagaId,
      sagaName: registered.name,
      stepName: step.name,
      phase,
      attempt: 1,
      ...(outcome === undefined ? {} : { outcome }),
      save: () => Promise.resolve(),
    });
    try {
      const value = await this.invoker.invoke({ saga: registered, step, attempt, context, result, scope });
      return { value, attempt };
    } catch (error) {
      return { error, outcome: attempt.outcomeOf(error), attempt };
    }
  }

  compensate(saga: AnySagaClass, type: StepClass<never>, options: InvocationOptions = {}): Promise<Invocation> {
    return this.act(saga, type, { ...options, phase: 'compensate' });
  }
}
