/** One step from a value to one inside it: a property, an index, or a readable access such as `.get("apple")`. */
export type PathKey = string | number | { readonly access: string };

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** `context.items[2].price`, as one would write it in code. */
export function formatPath(root: string, keys: readonly PathKey[]): string {
  let path = root;
  for (const key of keys) {
    if (typeof key === 'object') path += key.access;
    else if (typeof key === 'number') path += `[${String(key)}]`;
    else if (!IDENTIFIER.test(key)) path += `[${JSON.stringify(key)}]`;
    else path += path === '' ? key : `.${key}`;
  }
  return path;
}

/** How a value of a map is reached: by its key where that can be written down, else by its place. */
export function mapValueAccess(key: unknown, index: number): PathKey {
  const simple = typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean';
  return { access: simple ? `.get(${JSON.stringify(key)})` : `.values()[${String(index)}]` };
}
