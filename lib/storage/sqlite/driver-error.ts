import { SagaError } from '../../errors/saga-error.js';
import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import { StorageUnavailableError } from '../../errors/storage-unavailable-error.js';

/** SQLite's primary result codes that mean something to a storage; from https://www.sqlite.org/rescode.html. */
const NAMES: Readonly<Record<number, string>> = {
  5: 'BUSY',
  6: 'LOCKED',
  7: 'NOMEM',
  8: 'READONLY',
  10: 'IOERR',
  11: 'CORRUPT',
  13: 'FULL',
  14: 'CANTOPEN',
  18: 'TOOBIG',
  19: 'CONSTRAINT',
  20: 'MISMATCH',
  26: 'NOTADB',
};

/**
 * SQLite's primary result code without its prefix, `undefined` for an error that does not come from SQLite. better-sqlite3 and
 * libsql give the extended code's name (`SQLITE_IOERR_WRITE`), node:sqlite its number.
 */
export function resultCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('errcode' in error && typeof error.errcode === 'number') return NAMES[error.errcode & 0xff] ?? 'ERROR';
  if (!('code' in error) || typeof error.code !== 'string') return undefined;
  return /^SQLITE_([A-Z]+)/.exec(error.code)?.[1];
}

/** Somebody else holds the lock: the transaction did not happen, and may simply be tried again. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === 'BUSY' || code === 'LOCKED';
}

/** A constraint or a trigger forbids it: it did not happen. */
export function isConflict(error: unknown): boolean {
  return resultCode(error) === 'CONSTRAINT';
}

/** A driver's error in the port's terms; errors that do not come from SQLite are handed on as they are. */
export function toSagaError(error: unknown): unknown {
  const code = resultCode(error);
  if (code === undefined || error instanceof SagaError) return error;
  const cause = { cause: error };
  switch (code) {
    case 'TOOBIG':
    case 'CONSTRAINT':
    case 'MISMATCH':
      return new StorageRejectedError(
        `SQLite refused a value (SQLITE_${code}): it is too large, or a trigger forbids it. It was not written.`,
        cause,
      );
    case 'BUSY':
    case 'LOCKED':
      return new StorageUnavailableError(
        'locked',
        'The saga database is locked by another connection. Nothing was written; look for a transaction that is left open.',
        cause,
      );
    case 'FULL':
      return new StorageUnavailableError(
        'full',
        'The saga database is full (SQLITE_FULL). Nothing was written; sagas go on when there is room on the disk again.',
        cause,
      );
    default:
      return new StorageUnavailableError(
        'failed',
        `The saga database failed (SQLITE_${code}). The cause says more; sagas go on when it works again.`,
        cause,
      );
  }
}
