import { StorageRejectedError } from '../../errors/storage-rejected-error.js';

/** A write of one saga, ready to share a script with writes of others. */
export interface SagaWrite {
  readonly sagaId: string;
  /** Which function of the script does it; see `scripts/write-sagas.ts`. */
  readonly kind: 'create' | 'append' | 'finish' | 'change';
  readonly args: readonly (string | number)[];
}

/** The longest text that a Redis server takes unless it is set otherwise (`proto-max-bulk-len`). */
export const LONGEST_TEXT = 512 * 1024 * 1024;

/**
 * Checks that the server takes each text of a write. It would end the connection at a longer one, and with it every other write that is on
 * its way.
 *
 * @throws StorageRejectedError
 */
export function checkSize({ sagaId, args }: SagaWrite, longest: number): void {
  for (const arg of args) {
    if (typeof arg !== 'string' || arg.length * 3 < longest || Buffer.byteLength(arg) < longest) continue;
    throw new StorageRejectedError(
      `A value of saga '${sagaId}' is larger than the ${String(longest)} bytes that the Redis server takes (proto-max-bulk-len). Nothing was written.`,
      { sagaId },
    );
  }
}
