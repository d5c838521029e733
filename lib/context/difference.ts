import { MAX_DEPTH } from './json-encoder.js';
import { kindOf, nameOf } from './object-kind.js';
import { mapValueAccess, type PathKey } from './property-path.js';

/** Where two values part, and how. */
export interface Difference {
  readonly path: readonly PathKey[];
  readonly problem: string;
}

/**
 * The first difference between a value and what came back for it: in what they hold and in the classes of the objects.
 * `undefined` when there is none.
 */
export function findDifference(original: unknown, restored: unknown, path: readonly PathKey[]): Difference | undefined {
  if (Object.is(original, restored)) return undefined;
  if (!isObject(original) || !isObject(restored)) {
    return { path, problem: `would come back as ${show(restored)} instead of ${show(original)}` };
  }
  if (path.length > MAX_DEPTH) return { path, problem: `is more than ${String(MAX_DEPTH)} levels deep` };
  const kind = kindOf(original);
  if (kind !== kindOf(restored)) return { path, problem: otherKind(original, restored) };
  switch (kind) {
    case 'array':
      return differentItems(original as unknown[], restored as unknown[], path, (_item, index) => index);
    case 'set':
      return differentItems([...(original as Set<unknown>)], [...(restored as Set<unknown>)], path, (_item, index) => ({
        access: `.values()[${String(index)}]`,
      }));
    case 'map':
      return differentEntries(original as Map<unknown, unknown>, restored as Map<unknown, unknown>, path);
    case 'date':
      return Object.is((original as Date).getTime(), (restored as Date).getTime()) ? undefined : changed(path);
    case 'bytes':
    case 'buffer':
      return Buffer.compare(original as Uint8Array, restored as Uint8Array) === 0 ? undefined : changed(path);
    case 'instance':
      if (Object.getPrototypeOf(original) !== Object.getPrototypeOf(restored)) {
        return { path, problem: otherKind(original, restored) };
      }
      return differentProperties(original, restored, path) ?? differentInside(original, restored, path);
    case 'plain':
    case 'dictionary':
      return differentProperties(original, restored, path);
  }
}

function differentItems(
  original: readonly unknown[],
  restored: readonly unknown[],
  path: readonly PathKey[],
  keyOf: (item: unknown, index: number) => PathKey,
): Difference | undefined {
  if (original.length !== restored.length) {
    return {
      path,
      problem: `would come back with ${String(restored.length)} items instead of ${String(original.length)}`,
    };
  }
  for (const [index, item] of original.entries()) {
    const difference = findDifference(item, restored[index], [...path, keyOf(item, index)]);
    if (difference) return difference;
  }
  return undefined;
}

function differentEntries(
  original: ReadonlyMap<unknown, unknown>,
  restored: ReadonlyMap<unknown, unknown>,
  path: readonly PathKey[],
): Difference | undefined {
  const keys = [...original.keys()];
  return (
    differentItems(keys, [...restored.keys()], path, (_key, index) => ({ access: `.keys()[${String(index)}]` })) ??
    differentItems([...original.values()], [...restored.values()], path, (_value, index) =>
      mapValueAccess(keys[index], index),
    )
  );
}

function differentProperties(original: object, restored: object, path: readonly PathKey[]): Difference | undefined {
  const keys = Reflect.ownKeys(original);
  for (const key of keys) {
    const at = [...path, typeof key === 'symbol' ? { access: `[${String(key)}]` } : key];
    if (!Object.hasOwn(restored, key)) return { path: at, problem: 'would be lost' };
    const difference = findDifference(Reflect.get(original, key), Reflect.get(restored, key), at);
    if (difference) return difference;
  }
  const extra = Reflect.ownKeys(restored).find((key) => !keys.includes(key));
  return extra === undefined
    ? undefined
    : { path, problem: `would come back with a property ${String(extra)} it does not have` };
}

/** Instances that keep their state out of sight can only be compared by how they show themselves. */
function differentInside(original: object, restored: object, path: readonly PathKey[]): Difference | undefined {
  return Object.keys(original).length > 0 || show(original) === show(restored) ? undefined : changed(path);
}

function changed(path: readonly PathKey[]): Difference {
  return { path, problem: 'would come back with another value' };
}

function otherKind(original: object, restored: object): string {
  const name = nameOf(Object.getPrototypeOf(original) as object | null);
  const other = nameOf(Object.getPrototypeOf(restored) as object | null);
  const advice =
    kindOf(original) === 'instance' ? `: put @Type(() => ${name}) of class-transformer on the property` : '';
  return `is an instance of ${name} and would come back as ${other}${advice}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function show(value: unknown): string {
  try {
    return typeof value === 'string' ? JSON.stringify(value.slice(0, 50)) : String(value).slice(0, 50);
  } catch {
    return typeof value;
  }
}
