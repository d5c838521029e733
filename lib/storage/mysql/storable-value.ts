import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import { storable } from '../rows/storable.js';

/** Code units that a name may have: as many as the columns hold, however many bytes each takes. */
export const LONGEST_NAME = 255;

const LARGEST_INTEGER = 2 ** 31 - 1;
/** A hundred thousand years; later than any `Date`, and still a number that the columns hold. */
const LONGEST_DELAY = 3.2e15;

/**
 * A name that fits into its column. Checked here, because servers that are not strict cut it off and say nothing.
 *
 * @throws StorageRejectedError
 */
export function storableName(what: string, name: string): string {
  if (storable(what, name).length <= LONGEST_NAME) return name;
  throw new StorageRejectedError(
    `The ${what} ${JSON.stringify(`${name.slice(0, 40)}…`)} cannot be stored: it has ${name.length} characters, and ${LONGEST_NAME} are the most. Nothing was written.`,
  );
}

/**
 * An integer that fits into its column.
 *
 * @throws StorageRejectedError
 */
export function storableInteger(what: string, value: number): number {
  if (Number.isInteger(value) && Math.abs(value) <= LARGEST_INTEGER) return value;
  throw notStored(what, value);
}

/**
 * Milliseconds from now, in whole ones.
 *
 * @throws StorageRejectedError
 */
export function storableDelay(what: string, value: number): number {
  if (typeof value === 'number' && Math.abs(value) <= LONGEST_DELAY) return Math.ceil(value);
  throw notStored(what, value);
}

function notStored(what: string, value: unknown): StorageRejectedError {
  return new StorageRejectedError(
    `The ${what} ${String(value)} cannot be stored: it is no number that its column holds. Nothing was written.`,
  );
}
