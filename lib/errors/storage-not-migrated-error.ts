import { SagaError } from './saga-error.js';

/** Migrations of the saga tables are missing, and the storage was told not to run them (`migrate: false`). Thrown by `open()`. */
export class StorageNotMigratedError extends SagaError {
  readonly code = 'SAGA_STORAGE_NOT_MIGRATED';
  /** The numbers of the missing migrations, in the order in which they have to run. */
  readonly missing: readonly number[];

  constructor(missing: readonly number[]) {
    super(
      `The saga tables lack migration${missing.length === 1 ? '' : 's'} ${missing.join(', ')}. ` +
        "Run the SQL that the storage's migrations() returns, in order, or let the storage do it with `migrate: true`.",
    );
    this.missing = missing;
  }
}
