/** What no step may do with a transaction, in the words of the libraries: end it, or give its connection away. */
const ENDINGS: ReadonlySet<PropertyKey> = new Set(['release', 'commit', 'rollback', 'end', 'destroy']);

const ORIGINAL = Symbol('the handle itself');

/** Why a handle cannot be used; `ending`: the function that would end it. `undefined`: it can. */
export type HandleRefusal = (ending?: string) => Error | undefined;

/**
 * A transaction's handle that can be used as itself (its class, its functions, its fields) for as long as `refusal` has nothing against it. A late query
 * would else run on a connection that the pool has lent to somebody else.
 */
export function mortalHandle(handle: unknown, refusal: HandleRefusal): unknown {
  if ((typeof handle !== 'object' && typeof handle !== 'function') || handle === null) return handle;
  const assertAlive = (ending?: string): void => {
    const error = refusal(ending);
    if (error !== undefined) throw error;
  };
  const mortal: object = new Proxy(handle, {
    get(target, key) {
      assertAlive();
      if (key === ORIGINAL) return target;
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function' || key === 'constructor' || isFixed(target, key)) return value;
      return new Proxy(value, {
        apply(called, self, given: unknown[]) {
          assertAlive(ENDINGS.has(key) ? String(key) : undefined);
          // Fields that a class keeps private are found on the handle only.
          return Reflect.apply(called as (...args: unknown[]) => unknown, self === mortal ? target : self, given);
        },
      });
    },
    set(target, key, value) {
      assertAlive();
      return Reflect.set(target, key, value, target);
    },
    apply(target, self, given: unknown[]) {
      assertAlive();
      return Reflect.apply(target as (...args: unknown[]) => unknown, self, given);
    },
  });
  return mortal;
}

/** The handle as its library knows it, of one that a step got. */
export function originalHandle(handle: unknown): unknown {
  if ((typeof handle !== 'object' && typeof handle !== 'function') || handle === null) return handle;
  return (handle as { readonly [ORIGINAL]?: object })[ORIGINAL] ?? handle;
}

/** The language wants such a property to be shown as it is. */
function isFixed(target: object, key: PropertyKey): boolean {
  const own = Reflect.getOwnPropertyDescriptor(target, key);
  return own?.configurable === false && own.writable === false;
}
