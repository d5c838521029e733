import { SagaError } from './saga-error.js';

/**
 * A storage will never take this value: too large, or with a character that the database does not know. Nothing was
 * written, and other sagas of the same batch are not harmed. Thrown by adapters; the step whose outcome it was counts as `unknown`.
 */
export class StorageRejectedError extends SagaError {
  readonly code = 'SAGA_STORAGE_REJECTED';
}
