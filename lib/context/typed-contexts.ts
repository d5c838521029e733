import { UnserializableValueError } from '../errors/unserializable-value-error.js';
import type { JsonValue } from '../storage/json-value.js';
import type { ContextClass } from './context-type.js';
import { findDifference } from './difference.js';
import { decodeProperties } from './json-decoder.js';
import type { JsonEncoder } from './json-encoder.js';
import { kindOf } from './object-kind.js';
import type { ClassTransformer } from './optional-package.js';
import { formatPath } from './property-path.js';
import type { SerializationInfo } from './saga-serializer.js';
import { TAG } from './tagged-value.js';

/**
 * `@Expose` and `@Exclude` say what leaves an application, not what it remembers: a storage keeps every property. `@Type`
 * and `@Transform` do act.
 */
const OPTIONS = { ignoreDecorators: true, enableCircularCheck: true };

const KIND = 'typed';

/**
 * Contexts that hold instances of other classes. Exactly those properties of the context that hold some go through
 * class-transformer; all others are stored as they are. What class-transformer brings back is compared with the original
 * before anything is stored, so that a missing `@Type` or a lossy `@Transform` is refused instead of changing the context.
 */
export class TypedContexts {
  constructor(private readonly transformer: ClassTransformer) {}

  /** Whether this stored context was made by {@link encode}. */
  static made(stored: JsonValue): stored is { readonly [key: string]: JsonValue } {
    return typeof stored === 'object' && stored !== null && TAG in stored && stored[TAG] === KIND;
  }

  encode(context: object, type: ContextClass, encoder: JsonEncoder, info: SerializationInfo): JsonValue {
    const others: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(context);
    const typedKeys = Object.keys(others).filter((key) => holdsInstance(others[key]?.value));
    for (const key of typedKeys) Reflect.deleteProperty(others, key);
    // Made of descriptors, so that the encoder still meets every accessor, symbol and hidden property.
    const value = encoder.encodeProperties(Object.create(Object.prototype, others) as object);
    const plain = this.transforming(info, () =>
      keepUnchanged(context, () => this.transformer.instanceToPlain(context, OPTIONS) as object),
    );
    const typed = encoder.encodeProperties(Object.fromEntries(typedKeys.map((key) => [key, Reflect.get(plain, key)])));
    const stored = { [TAG]: KIND, value, typed };
    const restored = this.transforming(info, () => this.restore(stored, type));
    refuseDifference(context, restored, typedKeys, info);
    return stored;
  }

  restore(stored: { readonly [key: string]: JsonValue }, type: ContextClass): object {
    const others = decodeProperties(stored['value']);
    const typed = decodeProperties(stored[KIND]);
    const transformed = this.transformer.plainToInstance(type, { ...others, ...typed }, OPTIONS);
    for (const key of Object.keys(typed)) others[key] = Reflect.get(transformed, key);
    return Object.setPrototypeOf(others, type.prototype as object) as object;
  }

  private transforming<T>(info: SerializationInfo, transform: () => T): T {
    try {
      return transform();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const problem = `could not go through class-transformer, which calls constructors without arguments: ${why}`;
      throw new UnserializableValueError('context', 'context', problem, { ...info, cause });
    }
  }
}

function refuseDifference(context: object, restored: object, keys: readonly string[], info: SerializationInfo): void {
  for (const key of keys) {
    const difference = findDifference(Reflect.get(context, key), Reflect.get(restored, key), [key]);
    if (!difference) continue;
    throw new UnserializableValueError(
      'context',
      formatPath('context', difference.path),
      `${difference.problem}.`,
      info,
    );
  }
}

/** Whether an instance of a class is somewhere in a value. */
function holdsInstance(value: unknown, seen = new Set<unknown>()): boolean {
  if (typeof value !== 'object' || value === null || seen.has(value)) return false;
  seen.add(value);
  const kind = kindOf(value);
  if (kind === 'instance') return true;
  if (kind === 'date' || kind === 'bytes' || kind === 'buffer') return false;
  const inner: Iterable<unknown> =
    kind === 'map'
      ? [...(value as Map<unknown, unknown>)].flat()
      : kind === 'set'
        ? (value as Set<unknown>)
        : Object.values(value);
  for (const item of inner) if (holdsInstance(item, seen)) return true;
  return false;
}

/** class-transformer writes the names of discriminated types into what it only should read. */
function keepUnchanged<T>(root: object, act: () => T): T {
  const before = new Map<object, PropertyDescriptorMap>();
  remember(root, before);
  try {
    return act();
  } finally {
    for (const [object, own] of before) putBack(object, own);
  }
}

function remember(value: unknown, before: Map<object, PropertyDescriptorMap>): void {
  if (typeof value !== 'object' || value === null || before.has(value)) return;
  const kind = kindOf(value);
  if (kind === 'plain' || kind === 'instance') before.set(value, Object.getOwnPropertyDescriptors(value));
  if (kind === 'bytes' || kind === 'buffer') return;
  for (const item of Object.values(value)) remember(item, before);
}

function putBack(object: object, own: PropertyDescriptorMap): void {
  for (const key of Object.keys(object)) {
    const descriptor = own[key];
    if (descriptor === undefined) Reflect.deleteProperty(object, key);
    else if (descriptor.value !== Reflect.get(object, key)) Object.defineProperty(object, key, descriptor);
  }
}
