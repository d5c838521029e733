import { StorageRejectedError } from '../../errors/storage-rejected-error.js';

/**
 * Text without what drivers and databases refuse or change on the way: NUL characters (PostgreSQL refuses them, libsql ends the text
 * there when it reads) and half a surrogate pair (replaced wherever text becomes UTF-8).
 *
 * @throws StorageRejectedError
 */
export function storable(what: string, text: string): string {
  if (isStorable(text)) return text;
  throw new StorageRejectedError(
    `The ${what} ${JSON.stringify(text)} cannot be stored: it must be a text without NUL characters and broken surrogate pairs. Nothing was written.`,
  );
}

/** Whether {@link storable} takes it. What it does not take has never been stored, so nobody needs to look for it. */
export function isStorable(text: unknown): text is string {
  return typeof text === 'string' && text.isWellFormed() && !text.includes('\0');
}
