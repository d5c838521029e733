/** Where libraries keep the driver's error, or what they have read of it. */
const WRAPPINGS = [
  'cause',
  'driverError',
  'originalError',
  'nativeError',
  'parent',
  'meta',
  'driverAdapterError',
] as const;

/** How many libraries deep it is looked for; an error may be its own cause. */
const DEEPEST_WRAPPING = 5;

/** What `read` finds in an error, or in one that libraries have wrapped in it; `undefined` if it finds nothing. */
export function findInError<T>(error: unknown, read: (error: object) => T | undefined, depth = 0): T | undefined {
  if (typeof error !== 'object' || error === null || depth > DEEPEST_WRAPPING) return undefined;
  const found = read(error);
  if (found !== undefined) return found;
  const wrapped: { readonly [W in (typeof WRAPPINGS)[number]]?: unknown } = error;
  for (const name of WRAPPINGS) {
    const inside = findInError(wrapped[name], read, depth + 1);
    if (inside !== undefined) return inside;
  }
  return undefined;
}
