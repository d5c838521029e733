import { Injectable } from '@nestjs/common';
import { didYouMean } from '../definition/did-you-mean.js';
import type { AnySagaClass } from '../definition/saga-definition.js';
import { UnknownSagaError } from '../errors/unknown-saga-error.js';
import type { RegisteredSaga } from './registered-saga.js';

/** The sagas of this application: the only place where they are looked up. Filled once, when the application starts. */
@Injectable()
export class SagaRegistry {
  private readonly sagas = new Map<string, RegisteredSaga>();
  private readonly namesByClass = new Map<unknown, string>();

  /** Takes what the explorer found. */
  register(sagas: readonly RegisteredSaga[]): void {
    for (const saga of sagas) {
      this.sagas.set(saga.name, saga);
      this.namesByClass.set(saga.definition, saga.name);
    }
  }

  all(): readonly RegisteredSaga[] {
    return [...this.sagas.values()];
  }

  /** The saga of this name, or `undefined` where this application has none: it may be another one's. */
  byName(name: string): RegisteredSaga | undefined {
    return this.sagas.get(name);
  }

  /**
   * The saga of this class or name.
   *
   * @throws {UnknownSagaError} for one that this application has not registered.
   */
  get(saga: AnySagaClass | string): RegisteredSaga {
    const name = typeof saga === 'string' ? saga : this.namesByClass.get(saga);
    const registered = typeof name === 'string' ? this.sagas.get(name) : undefined;
    if (registered !== undefined) return registered;
    if (typeof saga === 'string') throw UnknownSagaError.ofName(saga, didYouMean(saga, this.sagas.keys()));
    throw UnknownSagaError.ofClass(saga);
  }
}
