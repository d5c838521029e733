import { SagaError } from './saga-error.js';

/**
 * Thrown by an act that cannot tell whether it took effect, as after a lost answer of a remote service: the step's
 * outcome is `unknown`, and it is compensated although it threw.
 *
 * ```ts
 * throw new OutcomeUnknownError('The payment provider did not answer', { cause: error });
 * ```
 */
export class OutcomeUnknownError extends SagaError {
  readonly code = 'SAGA_OUTCOME_UNKNOWN';

  constructor(message: string, { cause }: { cause?: unknown } = {}) {
    super(message, { cause });
  }
}
