import { SagaError, type SagaErrorDetails } from './saga-error.js';

/**
 * What a transactional step did to its transaction makes it impossible to commit: it caught an error of the database and went on, or it
 * ended the transaction itself. In the first case everything is rolled back, and the attempt has failed. In the second, what it has written may
 * stand without its completion: the outcome is unknown, and the step is undone rather than tried again.
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
