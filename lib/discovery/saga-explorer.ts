import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { sagaOptionsOf } from '../definition/definition-metadata.js';
import { definitionMistakes, type ConfigurationFacts } from '../definition/definition-mistakes.js';
import { SagaDefinition, type AnySagaClass } from '../definition/saga-definition.js';
import type { StepProvider } from '../definition/step-mistakes.js';
import type { StepClass } from '../definition/step-handler.js';
import { SagaConfigurationError } from '../errors/saga-configuration-error.js';
import { moduleOf, registerSaga, type ProvidersByToken } from './register-saga.js';
import type { RegisteredSaga } from './registered-saga.js';
import type { ProviderWrapper } from './registered-step.js';

/** What the explorer has to know of the module's options. */
export type ExplorerSettings = Pick<
  ConfigurationFacts,
  'storage' | 'compensation' | 'recoverySagas' | 'moduleMistakes'
>;

/** Finds the sagas of an application and the providers of their steps: one scan of the container, when it starts. */
@Injectable()
export class SagaExplorer {
  constructor(private readonly discovery: DiscoveryService) {}

  /**
   * Every saga of the application, with its steps.
   *
   * @throws {SagaConfigurationError} with all mistakes at once.
   */
  explore(settings: ExplorerSettings): readonly RegisteredSaga[] {
    const providers = this.providersByToken();
    const sagas = [...providers.keys()].filter(isSaga);
    const mistakes = definitionMistakes({
      ...settings,
      sagas: sagas.map((type) => ({ type, modules: (providers.get(type) ?? []).map(moduleOf) })),
      providersOf: (step) => (providers.get(step) ?? []).map((wrapper) => stepProvider(step, wrapper)),
    });
    if (mistakes.length > 0) throw new SagaConfigurationError(mistakes);
    return sagas.map((type) => registerSaga(type, providers, settings));
  }

  private providersByToken(): ProvidersByToken {
    const providers = new Map<unknown, ProviderWrapper[]>();
    for (const wrapper of this.discovery.getProviders()) {
      const known = providers.get(wrapper.token);
      if (known === undefined) providers.set(wrapper.token, [wrapper]);
      else known.push(wrapper);
    }
    return providers;
  }
}

/** Marked as a saga, or meant to be. */
function isSaga(token: unknown): token is AnySagaClass {
  if (typeof token !== 'function') return false;
  return sagaOptionsOf(token) !== undefined || token.prototype instanceof SagaDefinition;
}

/** What a factory in request scope makes is not there yet; then the class says what it will be. */
function stepProvider(step: StepClass<never>, wrapper: ProviderWrapper): StepProvider {
  const instance: unknown = wrapper.instance;
  const handler = typeof instance === 'object' && instance !== null ? instance : (step.prototype as object);
  return { module: moduleOf(wrapper), handler };
}
