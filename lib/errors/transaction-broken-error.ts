import { SagaError, type SagaErrorDetails } from './saga-error.js';

/**
 * What a transactional step did to its transaction makes it impossible to commit: it caught an error of the database and went on, or it
 * ended the transaction itself. Everything is rolled back, and the attempt has failed; only what the step has committed itself stands.
 */
export class TransactionBrokenError extends SagaError {
  readonly code = 'SAGA_TRANSACTION_BROKEN';
  /** The step has ended the transaction: nobody knows whether by COMMIT or ROLLBACK. */
  readonly mayStand: boolean;

  constructor(
    message: string,
    { mayStand = false, ...details }: SagaErrorDetails & { readonly mayStand?: boolean } = {},
  ) {
    super(message, details);
    this.mayStand = mayStand;
  }
}
