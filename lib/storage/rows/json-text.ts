import { StorageRejectedError } from '../../errors/storage-rejected-error.js';

/**
 * A value as JSON text.
 *
 * @throws StorageRejectedError when it has none: a cycle, a `bigint`, nothing at all.
 */
export function jsonText(value: unknown, { sagaId, what }: { readonly sagaId: string; readonly what: string }): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    cause = error;
  }
  if (text !== undefined) return text;
  throw new StorageRejectedError(
    `The ${what} of saga '${sagaId}' cannot be stored, because JSON has no way to say it. Nothing was written.`,
    { sagaId, cause },
  );
}
