import { SagaError } from './saga-error.js';

/**
 * The tables were made by a newer release than this one, which must not write to them. Thrown by `open()`, before anything
 * is read or written.
 */
export class StorageVersionError extends SagaError {
  readonly code = 'SAGA_STORAGE_VERSION';
  /** The number of the newest migration in the database. */
  readonly found: number;
  /** The number of the newest migration that this release knows. */
  readonly supported: number;

  constructor({ found, supported }: { readonly found: number; readonly supported: number }) {
    super(
      `The saga tables are at migration ${String(found)}, but this release of nest-saga knows migrations up to ` +
        `${String(supported)} only. Run the release that made them, or a newer one. Nothing was changed.`,
    );
    this.found = found;
    this.supported = supported;
  }
}
