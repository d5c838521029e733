import { types } from 'node:util';

/** What kind of thing an object is to a serializer. `instance`: of a class that only the application knows. */
export type ObjectKind = 'plain' | 'dictionary' | 'array' | 'date' | 'map' | 'set' | 'bytes' | 'buffer' | 'instance';

/**
 * Kinds are told by prototype, so that a subclass of a built-in is an instance. Objects of other realms count as their own
 * kind: in test runners that use `vm`, what `fetch` and `structuredClone` return comes from outside.
 */
export function kindOf(value: object): ObjectKind {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype) return 'plain';
  if (prototype === null) return 'dictionary';
  if (Array.isArray(value)) return prototype === Array.prototype || Array.isArray(prototype) ? 'array' : 'instance';
  if (isPlainPrototype(prototype)) return 'plain';
  if (types.isDate(value)) return isOwn(prototype, 'Date') ? 'date' : 'instance';
  if (types.isMap(value)) return isOwn(prototype, 'Map') ? 'map' : 'instance';
  if (types.isSet(value)) return isOwn(prototype, 'Set') ? 'set' : 'instance';
  if (!types.isUint8Array(value)) return 'instance';
  if (prototype === Buffer.prototype) return 'buffer';
  return prototype === Uint8Array.prototype || nameOf(prototype) === 'Uint8Array' ? 'bytes' : 'instance';
}

/** The name of a class by its prototype, for messages. */
export function nameOf(prototype: object | null): string {
  const constructor: unknown = prototype?.constructor;
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'a class without a name';
}

/** `Object.prototype`, of this realm or another one. */
function isPlainPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** Whether this is the prototype of the built-in itself and not of a class that extends it. */
function isOwn(prototype: object, name: string): boolean {
  const parent = Object.getPrototypeOf(prototype) as object | null;
  return parent !== null && isPlainPrototype(parent) && nameOf(prototype) === name;
}
