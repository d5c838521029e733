/** Deeper than any sensible value, and shallow enough for every stack. */
const MAX_DEPTH = 1000;

/**
 * A copy that shares nothing with `value`, which must be JSON: plain objects, arrays and primitives. Properties that are
 * `undefined` are left out, as `JSON.stringify` leaves them out. Several times as fast as `structuredClone` on small values.
 *
 * @throws RangeError for a value that is nested more than 1,000 levels deep.
 */
export function copyJson<T>(value: T, depth = 0): T {
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) throw new RangeError(`The value is nested more than ${MAX_DEPTH} levels deep`);
  return (Array.isArray(value) ? copyArray(value, depth) : copyObject(value, depth)) as T;
}

function copyArray(values: readonly unknown[], depth: number): unknown[] {
  const copy = new Array<unknown>(values.length);
  for (let index = 0; index < values.length; index++) copy[index] = copyJson(values[index], depth + 1);
  return copy;
}

/** Spreading first makes own properties even of keys like `__proto__`, so that assigning to them later sets no prototype. */
function copyObject(value: object, depth: number): object {
  const copy: Record<string, unknown> = { ...value };
  for (const key of Object.keys(copy)) {
    const property = copy[key];
    if (property === undefined) return copyObject(withoutUndefined(copy), depth);
    if (typeof property === 'object' && property !== null) copy[key] = copyJson(property, depth + 1);
  }
  return copy;
}

/** Made anew, because an object that a property was deleted from is slow for the rest of its life. */
function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, property]) => property !== undefined));
}
