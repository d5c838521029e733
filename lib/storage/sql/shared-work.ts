import { setTimeout as delay } from 'node:timers/promises';
import { StorageUnavailableError } from '../../errors/storage-unavailable-error.js';
import type { SqlClient } from './clients/sql-client.js';

/** How often a transaction is tried that somebody else writes in as well: its work costs more than the storage's own. */
const ATTEMPTS = 5;
/** Milliseconds between two tries, at most; random, so that those who collided do not meet again. */
const RETRY_PAUSE = 20;

/** Milliseconds. A connection that does not answer within them is busy with a statement of the application's. */
export const BUSY_AFTER = 1_000;

/** A transaction whose connection is lost: it was rolled back, and says nothing about what was done in it. */
export class ConnectionLostError extends Error {}

/** What is done in a transaction, by statements of the storage and by the handle of the application. */
export type SharedWork<Run, T> = (run: Run, handle: unknown) => Promise<T>;

/** Where and how work is shared. */
export interface SharingOptions<Run> {
  readonly transaction: SqlClient<Run>['transaction'];
  /** @throws StorageUnavailableError when the storage is closed. */
  readonly assertOpen: () => void;
  /** Whether an error says that the transaction lost against others, and may be run again from its beginning. */
  readonly isLost: (error: unknown) => boolean;
  /** An error in the port's terms. */
  readonly toSagaError: (error: unknown) => unknown;
}

/**
 * Runs `work` in one transaction that somebody else writes in as well; it may run more than once. What `work` rejects with is passed on as
 * it is, whatever the server says of the rollback; anything else in the port's terms.
 */
export async function shareWork<Run, T>(
  work: SharedWork<Run, T>,
  { transaction, assertOpen, isLost, toSagaError }: SharingOptions<Run>,
): Promise<T> {
  for (let left = ATTEMPTS - 1; ; left--) {
    assertOpen();
    let thrown: { readonly error: unknown } | undefined;
    try {
      return await transaction(async (run, handle) => {
        try {
          return await work(run, handle);
        } catch (error) {
          thrown = { error };
          throw error;
        }
      });
    } catch (error) {
      if (error instanceof ConnectionLostError) throw connectionLost(error);
      if (!isLost(error) || left <= 0) throw thrown === undefined ? toSagaError(error) : thrown.error;
      await delay(Math.random() * RETRY_PAUSE);
    }
  }
}

function connectionLost(cause: unknown): StorageUnavailableError {
  return new StorageUnavailableError(
    'failed',
    'The connection to the saga database was lost in the middle of a transaction, which the server has rolled back.',
    { cause },
  );
}
