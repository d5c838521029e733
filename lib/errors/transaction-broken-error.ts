import { SagaError } from './saga-error.js';

/**
 * What a transactional step did to its transaction makes it impossible to commit: it caught an error of the database and went on, or it
 * ended the transaction itself. Everything is rolled back, and the attempt has failed.
 */
export class TransactionBrokenError extends SagaError {
  readonly code = 'SAGA_TRANSACTION_BROKEN';
}
