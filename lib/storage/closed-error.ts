import { StorageUnavailableError } from '../errors/storage-unavailable-error.js';

/** What every call of a storage rejects with that is not open. */
export function closedError(): StorageUnavailableError {
  return new StorageUnavailableError(
    'closed',
    'The saga storage is not open: not yet, or not any more. Nothing was written.',
  );
}
