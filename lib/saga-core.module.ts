import { Inject, Module, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule, ExternalContextCreator, ModuleRef, ModulesContainer } from '@nestjs/core';
import { JsonSagaSerializer } from './context/json-saga-serializer.js';
import { SagaExplorer } from './discovery/saga-explorer.js';
import { SagaRegistry } from './discovery/saga-registry.js';
import { SagaEngine } from './engine/saga-engine.js';
import { SagaRunner } from './engine/saga-runner.js';
import { StepInvoker } from './engine/step-invoker.js';
import { engineOptionsOf, type SagaModuleOptions } from './saga-module-options.js';
import { importMistakes, moduleMistakes } from './saga-module-mistakes.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './saga.module-definition.js';

/**
 * What `SagaModule` consists of, for all modules of the application. Global, so that Nest starts it before them: in their `onModuleInit` sagas
 * can run. For the same reason Nest would close it behind them, so that `SagaModule` does that.
 *
 * @internal
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    SagaExplorer,
    SagaRegistry,
    {
      provide: StepInvoker,
      inject: [MODULE_OPTIONS_TOKEN, ModuleRef, ModulesContainer, ExternalContextCreator],
      useFactory: (
        { interceptors, inheritAppConfig }: SagaModuleOptions,
        moduleRef: ModuleRef,
        modules: ModulesContainer,
        externalContextCreator: ExternalContextCreator,
      ) =>
        new StepInvoker({
          moduleRef,
          modules,
          externalContextCreator,
          ...(interceptors === undefined ? {} : { interceptors }),
          ...(inheritAppConfig === undefined ? {} : { inheritAppConfig }),
        }),
    },
    {
      provide: SagaEngine,
      inject: [MODULE_OPTIONS_TOKEN, SagaRegistry, StepInvoker],
      useFactory: (options: SagaModuleOptions, registry: SagaRegistry, invoker: StepInvoker) =>
        new SagaEngine({
          storage: options.storage,
          serializer: options.serializer ?? new JsonSagaSerializer(),
          invoker,
          registry,
          options: engineOptionsOf(options),
        }),
    },
    SagaRunner,
  ],
  exports: [SagaRunner, SagaEngine],
})
export class SagaCoreModule extends ConfigurableModuleClass implements OnModuleInit, OnApplicationBootstrap {
  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: SagaModuleOptions,
    private readonly explorer: SagaExplorer,
    private readonly registry: SagaRegistry,
    private readonly engine: SagaEngine,
    private readonly modules: ModulesContainer,
  ) {
    super();
  }

  /** Finds sagas and steps, reports every mistake at once, opens the storage. */
  async onModuleInit(): Promise<void> {
    const { storage, compensation, recovery } = this.options;
    this.registry.register(
      this.explorer.explore({
        moduleMistakes: [...importMistakes(this.howOften()), ...moduleMistakes(this.options)],
        storage: {
          name: storage?.constructor.name ?? 'no storage',
          transactions: storage?.capabilities.transactions ?? false,
          transactionsRefused: storage?.capabilities.transactionsRefused,
        },
        ...(compensation === undefined ? {} : { compensation }),
        ...(recovery?.sagas === undefined ? {} : { recoverySagas: recovery.sagas }),
      }),
    );
    await this.engine.open();
  }

  /** Recovery begins; the start of the application does not wait for it. */
  onApplicationBootstrap(): void {
    this.engine.startRecovery();
  }

  /** Nest makes one module of what is imported twice by the same constant. */
  private howOften(): number {
    return [...this.modules.values()].filter(({ metatype }) => metatype === SagaCoreModule).length;
  }
}
