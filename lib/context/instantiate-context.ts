import type { ContextProblem } from '../errors/invalid-saga-context-error.js';
import type { ContextClass } from './context-type.js';
import { MAX_DEPTH } from './json-encoder.js';
import { kindOf } from './object-kind.js';
import type { ClassTransformer } from './optional-package.js';
import { formatPath, type PathKey } from './property-path.js';

/** An instance of the context class, or why there cannot be one. */
export type InstantiatedContext =
  { readonly context: object } | { readonly problem: ContextProblem; readonly cause?: unknown };

/**
 * Makes an instance of a plain object, so that `runner.run(OrderSaga, { orderId: '1' })` works. class-transformer does it
 * where it is installed: the constructor is called without arguments, `@Type` and `@Transform` act, `@Expose` and
 * `@Exclude` do not, as they say what leaves an application. Else the properties are put onto the prototype.
 */
export function instantiateContext(
  type: ContextClass,
  given: object,
  transformer: ClassTransformer | undefined,
): InstantiatedContext {
  if (!transformer) {
    return { context: Object.create(type.prototype as object, Object.getOwnPropertyDescriptors(given)) as object };
  }
  try {
    const context = transformer.plainToInstance(type, given, { ignoreDecorators: true, enableCircularCheck: true });
    const lost = keepBuiltIns(given, context);
    if (!lost) return { context };
    const message = `would be lost when a ${type.name} is made of a plain object; give an instance of ${type.name}`;
    return { problem: { path: formatPath('', lost), message } };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `no ${type.name} could be made of a plain object (${why}); give an instance of ${type.name}`;
    return { problem: { path: '', message }, cause };
  }
}

/**
 * class-transformer turns sets into arrays and empties maps and byte arrays. Those that are properties of the
 * context itself are put back; the path to one further inside is returned.
 */
function keepBuiltIns(given: object, context: object): readonly PathKey[] | undefined {
  for (const [key, value] of Object.entries(given) as [string, unknown][]) {
    const made: unknown = Reflect.get(context, key);
    if (isMangled(value, made))
      Object.defineProperty(context, key, { value, writable: true, enumerable: true, configurable: true });
    else {
      const lost = findMangled(value, made, [key]);
      if (lost) return lost;
    }
  }
  return undefined;
}

function findMangled(given: unknown, made: unknown, path: readonly PathKey[]): readonly PathKey[] | undefined {
  if (isMangled(given, made)) return path;
  if (typeof given !== 'object' || given === null || typeof made !== 'object' || made === null) return undefined;
  if (path.length > MAX_DEPTH) return path;
  for (const { key, value, made: counterpart } of pairs(given, made)) {
    const lost = findMangled(value, counterpart, [...path, key]);
    if (lost) return lost;
  }
  return undefined;
}

/** What is inside an object, beside what was made of it. */
function pairs(given: object, made: object): { key: PathKey; value: unknown; made: unknown }[] {
  const kind = kindOf(given);
  if (kind !== 'plain' && kind !== 'array' && kind !== 'instance') return [];
  return Object.entries(given).map(([key, value]: [string, unknown]) => ({
    key: kind === 'array' ? Number(key) : key,
    value,
    made: Reflect.get(made, key) as unknown,
  }));
}

function isMangled(given: unknown, made: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const kind = kindOf(given);
  if (kind !== 'map' && kind !== 'set' && kind !== 'bytes') return false;
  if (typeof made !== 'object' || made === null || kindOf(made) !== kind) return true;
  if (kind === 'bytes') return (given as Uint8Array).byteLength !== (made as Uint8Array).byteLength;
  const values = [...(given as Map<unknown, unknown>).values()];
  const kept = [...(made as Map<unknown, unknown>).values()];
  return values.length !== kept.length || values.some((value, at) => value !== undefined && kept[at] === undefined);
}
