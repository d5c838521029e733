/** Characters: far from where a text in JavaScript or a value in PostgreSQL ends, and soon answered. */
const LONGEST = 16 * 1024 * 1024;

/** So many values at once: made one by one, their texts would take twice as long, and be a tenth of all that a saga allocates. */
const MOST_AT_ONCE = 32;

/** Characters that values made at once should have, by those before them: so that it soon shows when they are too many. */
const SHARE = LONGEST / 16;

/** These values cannot go in one list. In parts, perhaps they can. */
export class UnsendableListError extends Error {
  constructor(
    message: string,
    /** How many of the first would go together, where it is a matter of length. */
    readonly fitting?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Values as a list in JSON; `undefined` becomes null.
 *
 * @throws {UnsendableListError} when one of them has no JSON, and when together they have too much of it.
 */
export function jsonListText(values: readonly unknown[]): string {
  const parts: string[] = [];
  let length = 0;
  for (let from = 0, atOnce = MOST_AT_ONCE / 8; from < values.length;) {
    const part = listText(values.slice(from, from + atOnce)).slice(1, -1);
    length += part.length;
    checkLength(length, from);
    parts.push(part);
    from += atOnce;
    atOnce = Math.max(1, Math.min(MOST_AT_ONCE, Math.floor((SHARE * from) / length)));
  }
  return `[${parts.join(',')}]`;
}

/**
 * The same texts, one by one.
 *
 * @throws {UnsendableListError} when together they are too long.
 */
export function sendableTexts(texts: readonly (string | null)[]): readonly (string | null)[] {
  let length = 0;
  texts.forEach((text, place) => {
    length += text?.length ?? 0;
    checkLength(length, place);
  });
  return texts;
}

/** Whether it says in a list what it says alone: there, what has no JSON would be null. */
export function isAlikeInList(value: unknown): boolean {
  switch (typeof value) {
    case 'undefined':
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return value !== null && !('toJSON' in value);
    case 'bigint':
    case 'function':
    case 'symbol':
      return false;
  }
}

/** A single value may be as long as it likes. */
function checkLength(length: number, fitting: number): void {
  if (length > LONGEST && fitting > 0) {
    throw new UnsendableListError(`More than ${LONGEST} characters of JSON.`, fitting);
  }
}

function listText(values: readonly unknown[]): string {
  try {
    return JSON.stringify(values);
  } catch (cause) {
    throw new UnsendableListError('No JSON, or more than a text can hold.', undefined, { cause });
  }
}
