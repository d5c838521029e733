import { ContextTooLargeError } from '../errors/context-too-large-error.js';
import type { ValueKind } from '../errors/describe-value.js';
import { UnserializableValueError } from '../errors/unserializable-value-error.js';
import type { JsonValue } from '../storage/json-value.js';
import { kindOf, nameOf } from './object-kind.js';
import { formatPath, mapValueAccess, type PathKey } from './property-path.js';
import type { SerializationInfo } from './saga-serializer.js';
import { TAG } from './tagged-value.js';

/** Levels of objects within objects. Databases and their drivers have limits too; this one stays below them. */
export const MAX_DEPTH = 500;

/** An object on the way from the root to the value at hand; paths are read off it only when something is refused. */
interface Frame {
  readonly container: object;
  readonly parent: Frame | undefined;
  readonly depth: number;
  key: PathKey;
}

export interface JsonEncoderOptions {
  readonly what: ValueKind;
  readonly info: SerializationInfo;
  /** Characters of JSON, counted as the walk goes. */
  readonly maxSize: number;
  /** What to do about an instance of a class of this name, as the end of a sentence. */
  readonly advice: (className: string, what: ValueKind, info: SerializationInfo) => string;
}

/**
 * One walk over a value that makes a fresh JSON tree of it: what JSON can say as it is, what it cannot as tagged objects
 * ({@link TAG}). Whatever would not come back the same is refused, with the path to it.
 *
 * Most contexts are small and plain, so that this walk is what a transition costs in memory: objects are copied whole
 * (V8 clones a shape at once) and only those properties are written again that JSON does not hold as they are.
 */
export class JsonEncoder {
  /** Whether what was refused is an instance of a class: that is what class-transformer can be asked about. */
  refusedInstance = false;
  private size = 0;

  constructor(private readonly options: JsonEncoderOptions) {}

  /** Encodes an object of a known class by its properties alone. */
  encodeInstance(value: object): JsonValue {
    return this.tagIfNeeded(value, this.encodeProperties(value));
  }

  encodeValue(value: unknown, frame?: Frame): JsonValue {
    switch (typeof value) {
      case 'string':
        this.grow(value.length + 2);
        return value;
      case 'number':
        return this.encodeNumber(value);
      case 'boolean':
        this.grow(5);
        return value;
      case 'undefined':
        return this.tagged('undefined');
      case 'bigint':
        return this.tagged('bigint', String(value));
      case 'object':
        return value === null ? null : this.encodeObject(value, frame);
      case 'function':
        throw this.refuse(frame, 'is a function. Leave it out, or inject what it does into the step.');
      case 'symbol':
        throw this.refuse(frame, 'is a symbol. Use a string instead.');
    }
  }

  /** The own properties of an object, whatever its class. */
  encodeProperties(value: object, parent?: Frame): Record<string, JsonValue> {
    const frame = this.enter(value, parent);
    const keys = Object.keys(value);
    this.refuseUnseen(value, keys, frame);
    const copy = { ...value } as Record<string, unknown>;
    for (const key of keys) {
      const property = copy[key];
      this.grow(key.length + 4);
      if (typeof property === 'string') this.grow(property.length + 2);
      else if (property !== null && property !== true && property !== false) {
        frame.key = key;
        const encoded = this.encodeValue(property, frame);
        if (encoded !== property) copy[key] = encoded;
      }
    }
    return copy as Record<string, JsonValue>;
  }

  /** The error for a value that is refused, thrown by the caller. */
  private refuse(frame: Frame | undefined, problem: string): UnserializableValueError {
    const { what, info } = this.options;
    const keys: PathKey[] = [];
    for (let at = frame; at !== undefined; at = at.parent) keys.unshift(at.key);
    return new UnserializableValueError(what, formatPath(what, keys), problem, info);
  }

  private refuseInstance(value: object, frame: Frame | undefined): UnserializableValueError {
    this.refusedInstance = true;
    const name = nameOf(Object.getPrototypeOf(value) as object);
    const { advice, what, info } = this.options;
    return this.refuse(
      frame,
      `is an instance of ${name}, and would not come back as one: ${advice(name, what, info)}.`,
    );
  }

  private encodeNumber(value: number): JsonValue {
    this.grow(8);
    if (Number.isFinite(value) && !Object.is(value, -0)) return value;
    return this.tagged('number', Object.is(value, -0) ? '-0' : String(value));
  }

  private encodeObject(value: object, frame: Frame | undefined): JsonValue {
    const kind = kindOf(value);
    switch (kind) {
      case 'plain':
        return this.tagIfNeeded(value, this.encodeProperties(value, frame));
      case 'dictionary':
        return this.tagged(kind, this.encodeProperties(value, frame));
      case 'array':
        return this.encodeArray(value as unknown[], frame);
      case 'date':
        this.refuseExtras(value, 0, this.enter(value, frame));
        return this.tagged(kind, Number.isNaN((value as Date).getTime()) ? null : (value as Date).toISOString());
      case 'map':
        return this.encodeMap(value as Map<unknown, unknown>, frame);
      case 'set':
        return this.encodeSet(value as Set<unknown>, frame);
      case 'bytes':
      case 'buffer':
        return this.encodeBytes(kind, value as Uint8Array);
      case 'instance':
        throw this.refuseInstance(value, frame);
    }
  }

  /** Copying would run accessors and pass over hidden properties and symbols. */
  private refuseUnseen(value: object, keys: readonly string[], frame: Frame): void {
    for (const key of keys) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      if (descriptor?.get === undefined && descriptor?.set === undefined) continue;
      frame.key = key;
      throw this.refuse(frame, 'is an accessor. Make it a plain property, or a getter of a class.');
    }
    if (Object.getOwnPropertySymbols(value).length > 0) {
      const [symbol] = Object.getOwnPropertySymbols(value);
      frame.key = { access: `[${String(symbol)}]` };
      throw this.refuse(frame, 'has a symbol for its key. Use a string instead.');
    }
    if (Object.getOwnPropertyNames(value).length !== keys.length) {
      frame.key = Object.getOwnPropertyNames(value).find((name) => !keys.includes(name)) ?? '';
      throw this.refuse(frame, 'is not enumerable, so it would be lost. Make it a plain property.');
    }
  }

  private encodeArray(value: readonly unknown[], parent: Frame | undefined): JsonValue {
    const frame = this.enter(value, parent);
    const copy = value.slice();
    for (let index = 0; index < copy.length; index++) {
      const item = copy[index];
      if (typeof item === 'string') {
        this.grow(item.length + 3);
        continue;
      }
      this.grow(1);
      frame.key = index;
      if (item === undefined && !(index in copy)) throw this.refuse(frame, 'is a hole in an array. Fill it with null.');
      const encoded = this.encodeValue(item, frame);
      if (encoded !== item) copy[index] = encoded;
    }
    this.refuseExtras(value, value.length, frame);
    return copy as JsonValue[];
  }

  private encodeBytes(kind: 'bytes' | 'buffer', { buffer, byteOffset, byteLength }: Uint8Array): JsonValue {
    return this.tagged(kind, Buffer.from(buffer, byteOffset, byteLength).toString('base64'));
  }

  private encodeMap(value: ReadonlyMap<unknown, unknown>, parent: Frame | undefined): JsonValue {
    const frame = this.enter(value, parent);
    this.refuseExtras(value, 0, frame);
    const entries: JsonValue[] = [];
    for (const [key, item] of value) {
      frame.key = { access: `.keys()[${String(entries.length)}]` };
      const encodedKey = this.encodeValue(key, frame);
      frame.key = mapValueAccess(key, entries.length);
      entries.push([encodedKey, this.encodeValue(item, frame)]);
    }
    return this.tagged('map', entries);
  }

  private encodeSet(value: ReadonlySet<unknown>, parent: Frame | undefined): JsonValue {
    const frame = this.enter(value, parent);
    this.refuseExtras(value, 0, frame);
    const items: JsonValue[] = [];
    for (const item of value) {
      frame.key = { access: `.values()[${String(items.length)}]` };
      items.push(this.encodeValue(item, frame));
    }
    return this.tagged('set', items);
  }

  /** Properties that somebody hung on an array, a map, a set or a date. */
  private refuseExtras(value: object, elements: number, frame: Frame): void {
    const keys = Object.keys(value);
    if (keys.length <= elements && Object.getOwnPropertySymbols(value).length === 0) return;
    frame.key = keys[elements] ?? { access: '[symbol]' };
    throw this.refuse(frame, 'is a property of its own on a built-in object, and would be lost. Keep it beside it.');
  }

  /** An object that has the tag's key itself would be read back as a tagged value. */
  private tagIfNeeded(value: object, encoded: Record<string, JsonValue>): JsonValue {
    return Object.hasOwn(value, TAG) ? this.tagged('object', encoded) : encoded;
  }

  private tagged(kind: string, value?: JsonValue): JsonValue {
    this.grow(kind.length + 24 + (typeof value === 'string' ? value.length : 0));
    return value === undefined ? { [TAG]: kind } : { [TAG]: kind, value };
  }

  private enter(container: object, parent: Frame | undefined): Frame {
    const depth = parent === undefined ? 1 : parent.depth + 1;
    if (depth > MAX_DEPTH) throw this.refuse(parent, `is more than ${String(MAX_DEPTH)} levels deep. Make it flatter.`);
    for (let at = parent; at !== undefined; at = at.parent) {
      if (at.container === container)
        throw this.refuse(parent, 'refers back to an object that contains it. Store an id instead.');
    }
    this.grow(2);
    return { container, parent, depth, key: '' };
  }

  private grow(characters: number): void {
    this.size += characters;
    const { what, maxSize, info } = this.options;
    if (this.size > maxSize) throw new ContextTooLargeError(what, this.size, maxSize, info);
  }
}
