import { InvalidQueryError } from '../errors/invalid-query-error.js';

/** The last saga of a page: the next page holds those that come after it, newest first. */
export interface PageCursor {
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Tells sagas of one millisecond apart. */
  readonly id: string;
}

/** The last millisecond that a `Date` can hold. */
const LAST_TIME = 8.64e15;

/** The cursor as `next` of a page shows it: opaque to callers, safe in a URL, true to any id. */
export function encodeCursor({ createdAt, id }: PageCursor): string {
  return Buffer.from(JSON.stringify([createdAt, id])).toString('base64url');
}

/**
 * What {@link encodeCursor} made. It may come from a URL, so nothing in it is trusted.
 *
 * @throws InvalidQueryError for anything that {@link encodeCursor} would not have made.
 */
export function decodeCursor(text: string): PageCursor {
  const cursor = readCursor(text);
  if (cursor === undefined || encodeCursor(cursor) !== text) {
    throw new InvalidQueryError(
      'The cursor in "after" does not come from a page of sagas. Give the "next" of the page before, unchanged, or leave it out to start anew.',
    );
  }
  return cursor;
}

function readCursor(text: string): PageCursor | undefined {
  const parts = parseJson(Buffer.from(text, 'base64url').toString());
  if (!Array.isArray(parts) || parts.length !== 2) return undefined;
  const [createdAt, id] = parts as readonly unknown[];
  if (!Number.isSafeInteger(createdAt) || Math.abs(createdAt as number) > LAST_TIME) return undefined;
  return typeof id === 'string' ? { createdAt: createdAt as number, id } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
