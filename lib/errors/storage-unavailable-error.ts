import { SagaError } from './saga-error.js';

/**
 * - `locked`: others kept the database locked for longer than the storage waits.
 * - `full`: there is no room left.
 * - `failed`: the database could not read or write; its own error is the `cause`.
 * - `closed`: the storage is not open yet, or not any more.
 */
export type UnavailableReason = 'locked' | 'full' | 'failed' | 'closed';

/**
 * A storage could not do its work just now. It is a fault that may pass: sagas are resumed when the storage is back.
 * Thrown by adapters; the `cause` is the database's own error.
 */
export class StorageUnavailableError extends SagaError {
  readonly code = 'SAGA_STORAGE_UNAVAILABLE';
  /** The same call may succeed later. */
  readonly retryable = true;
  /** What stood in the way. */
  readonly reason: UnavailableReason;

  constructor(
    reason: UnavailableReason,
    message: string,
    { cause, sagaId }: { readonly cause?: unknown; readonly sagaId?: string } = {},
  ) {
    super(message, { cause, ...(sagaId !== undefined && { sagaId }) });
    this.reason = reason;
  }
}
