import { SagaError } from './saga-error.js';

/**
 * Thrown by an act that need not be tried again, whatever its `retry` says: it failed for good. The caller of `run()`
 * gets this error after the rollback.
 *
 * ```ts
 * throw new NonRetryableError('The card was stolen', { cause: error });
 * ```
 */
export class NonRetryableError extends SagaError {
  readonly code = 'SAGA_NON_RETRYABLE';

  constructor(message: string, { cause }: { cause?: unknown } = {}) {
    super(message, { cause });
  }
}
