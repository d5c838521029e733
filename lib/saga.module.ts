import { Module, type ConfigurableModuleAsyncOptions, type DynamicModule, type OnModuleDestroy } from '@nestjs/common';
import { SagaEngine } from './engine/saga-engine.js';
import { SagaCoreModule } from './saga-core.module.js';
import type { SagaModuleOptions } from './saga-module-options.js';

/**
 * Runs an application's sagas. Import it once; it is global, and finds the classes marked `@Saga()` and `@SagaStep()` in all
 * modules.
 *
 * ```ts
 * @Module({
 *   imports: [SagaModule.forRoot({ storage: new InMemorySagaStorage() })],
 *   providers: [OrderSaga, ReserveInventory, ChargePayment, ShipOrder],
 * })
 * class AppModule {}
 * ```
 */
@Module({})
export class SagaModule implements OnModuleDestroy {
  /**
   * The module with its options; wrong ones are reported when the application starts, together with all mistakes in sagas and steps.
   *
   * @throws {SagaConfigurationError} from `app.init()` or `app.listen()`.
   */
  static forRoot(options: SagaModuleOptions): DynamicModule {
    return around(SagaCoreModule.forRoot(options));
  }

  /**
   * The same with options that are made from providers: `{ imports, inject, useFactory }`, or `useClass` and `useExisting` with a
   * method `create()`.
   *
   * @throws {SagaConfigurationError} from `app.init()` or `app.listen()`.
   */
  static forRootAsync(options: ConfigurableModuleAsyncOptions<SagaModuleOptions>): DynamicModule {
    return around(SagaCoreModule.forRootAsync(options));
  }

  /** @internal Nest makes it. */
  constructor(private readonly engine: SagaEngine) {}

  /**
   * Here and not later: pools that others close in `onModuleDestroy` are gone by `beforeApplicationShutdown`. Nest closes a module before those
   * that it imports, and global ones last of all; so this one is not global.
   */
  async onModuleDestroy(): Promise<void> {
    await this.engine.close();
  }
}

function around(core: DynamicModule): DynamicModule {
  return { module: SagaModule, imports: [core], exports: [core] };
}
