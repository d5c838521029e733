/** So many at once: made one by one, the pieces would take twice as long, and be a tenth of all that a saga allocates. */
const AT_ONCE = 32;

/** Characters: far from where a text in JavaScript or a value in PostgreSQL ends, and soon answered. */
const LONGEST = 16 * 1024 * 1024;

/** These values cannot go in one list. Apart, perhaps they can. */
export class UnsendableListError extends Error {}

/**
 * Values as a list in JSON; `undefined` becomes null.
 *
 * @throws {UnsendableListError} when one of them has no JSON, and when together they have too much of it.
 */
export function jsonListText(values: readonly unknown[]): string {
  const parts: string[] = [];
  let length = 0;
  for (let from = 0; from < values.length; from += AT_ONCE) {
    const part = listText(values.slice(from, from + AT_ONCE)).slice(1, -1);
    length += part.length;
    if (length > LONGEST) throw new UnsendableListError(`More than ${LONGEST} characters of JSON.`);
    parts.push(part);
  }
  return `[${parts.join(',')}]`;
}

function listText(values: readonly unknown[]): string {
  try {
    return JSON.stringify(values);
  } catch (cause) {
    throw new UnsendableListError('No JSON, or more than a text can hold.', { cause });
  }
}
