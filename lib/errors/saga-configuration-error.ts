import { SagaError } from './saga-error.js';

/** The application's sagas cannot work as they are written. Thrown while it starts, with all mistakes at once. */
export class SagaConfigurationError extends SagaError {
  readonly code = 'SAGA_CONFIGURATION';

  /** @param mistakes one sentence each, naming class and option. */
  constructor(readonly mistakes: readonly string[]) {
    const count = mistakes.length === 1 ? 'is a mistake' : `are ${String(mistakes.length)} mistakes`;
    super(`There ${count} in the configuration of sagas:\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`);
  }
}
