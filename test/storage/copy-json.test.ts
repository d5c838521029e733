import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { copyJson } from '../../lib/storage/memory/copy-json.js';

describe('A copy of JSON', () => {
  it('equals its original and shares nothing with it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy = copyJson(value);
        expect(copy).toStrictEqual(value);
        expect(sharesAnything(copy, value)).toBe(false);
      }),
    );
  });

  it('keeps a key named __proto__ as a key', () => {
    const value = JSON.parse('{"__proto__":{"a":[1]},"b":{"__proto__":null}}') as { b: object };
    const copy = copyJson(value);
    expect(JSON.stringify(copy)).toBe(JSON.stringify(value));
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(copy.b)).toBe(Object.prototype);
    expect(sharesAnything(copy, value)).toBe(false);
  });

  it('leaves out what is undefined, and keeps what stands behind it', () => {
    const copy = copyJson({ a: undefined, b: { c: undefined, d: [1] }, e: null });
    expect(copy).toStrictEqual({ b: { d: [1] }, e: null });
  });

  it('refuses what is nested too deeply, before the stack ends', () => {
    const nested = (levels: number): unknown => Array.from({ length: levels }).reduce((value) => [value], 'bottom');
    expect(copyJson(nested(1000))).toHaveLength(1);
    expect(() => copyJson(nested(1001))).toThrow(new RangeError('The value is nested more than 1000 levels deep'));
  });
});

function sharesAnything(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null) return false;
  return (
    one === other || Object.keys(one).some((key) => sharesAnything(Reflect.get(one, key), Reflect.get(other, key)))
  );
}
