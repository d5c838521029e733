import type { JsonValue } from '../storage/json-value.js';
import { TAG } from './tagged-value.js';

/** Tells what is wrong with stored JSON that no release of this library has written. */
export class UndecodableJson extends Error {}

/** Turns what the {@link JsonEncoder} has made back into values. The result shares nothing with what it is made of. */
export function decodeJson(json: JsonValue): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (isArray(json)) return decodeArray(json);
  return json[TAG] !== undefined && Object.hasOwn(json, TAG) ? decodeTagged(json) : decodeProperties(json);
}

/** The properties of an object, its tag among them if it has one. */
export function decodeProperties(json: JsonValue | undefined): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || isArray(json)) throw new UndecodableJson('an object was expected');
  const copy = { ...json } as Record<string, unknown>;
  for (const key of Object.keys(copy)) {
    const value = copy[key];
    if (typeof value === 'object' && value !== null) copy[key] = decodeJson(value as JsonValue);
  }
  return copy;
}

function decodeArray(json: readonly JsonValue[]): unknown[] {
  const copy: unknown[] = json.slice();
  for (let index = 0; index < copy.length; index++) {
    const item = copy[index];
    if (typeof item === 'object' && item !== null) copy[index] = decodeJson(item as JsonValue);
  }
  return copy;
}

function decodeTagged(json: { readonly [key: string]: JsonValue }): unknown {
  const { [TAG]: kind, value } = json;
  switch (kind as unknown) {
    case 'date':
      return new Date(value === null ? NaN : text(value));
    case 'bigint':
      return BigInt(text(value));
    case 'number':
      return Number(text(value));
    case 'undefined':
      return undefined;
    case 'map':
      return new Map(list(value).map((entry) => decodeArray(list(entry)) as [unknown, unknown]));
    case 'set':
      return new Set(decodeArray(list(value)));
    case 'bytes':
      return new Uint8Array(Buffer.from(text(value), 'base64'));
    case 'buffer':
      return Buffer.from(text(value), 'base64');
    case 'dictionary':
      return Object.setPrototypeOf(decodeProperties(value), null);
    case 'object':
      return decodeProperties(value);
    default:
      throw new UndecodableJson(`it has a value tagged ${JSON.stringify(kind)}, which this release does not know`);
  }
}

function text(value: JsonValue | undefined): string {
  if (typeof value !== 'string') throw new UndecodableJson('a tagged value is no text');
  return value;
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  if (!isArray(value)) throw new UndecodableJson('a tagged value is no list');
  return value;
}

/** `Array.isArray` that knows read-only arrays. */
export function isArray(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value);
}
