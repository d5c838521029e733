import { describe, expect, test } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { JsonSagaSerializer } from '../../lib/context/json-saga-serializer.js';
import { sameJson } from '../../lib/context/same-json.js';
import { UnserializableValueError } from '../../lib/errors/unserializable-value-error.js';
import type { JsonValue } from '../../lib/storage/json-value.js';

const serializer = new JsonSagaSerializer();
const info = { saga: 'OrderSaga', sagaId: 'o-1' };

const key = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('$saga', 'value', '__proto__', 'constructor', 'then'),
);

/** Everything that is accepted, nested at will. */
const { value: accepted } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(null, undefined, NaN, -0, Infinity, -Infinity),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value')),
    fc.dictionary(key, tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((entries) => new Map(entries)),
    fc.array(tie('value')).map((items) => new Set(items)),
  ),
}));

/** A way into a value: what is put around it. */
type Wrapper = (inner: unknown) => unknown;
const wrapper: fc.Arbitrary<Wrapper> = fc.oneof(
  fc.tuple(key, accepted).map(([name, other]): Wrapper => (inner) => {
    const object = { first: other };
    Object.defineProperty(object, name, { value: inner, enumerable: true, configurable: true, writable: true });
    return object;
  }),
  fc.array(accepted).map((others): Wrapper => (inner) => [...others, inner]),
  fc.string().map(
    (name): Wrapper =>
      (inner) =>
        new Map([[name, inner]]),
  ),
);

const refused = fc.constantFrom<unknown>(
  () => 1,
  Symbol('x'),
  /x/,
  new Error('x'),
  new WeakMap(),
  new Float32Array(1),
  new (class Money {})(),
  Promise.resolve(),
);

describe('for every value', () => {
  test('what is accepted comes back the same, prototypes included, also through JSON text', () => {
    fc.assert(
      fc.property(fc.dictionary(key, accepted), (context) => {
        const stored = serializer.serializeContext(context, info);
        const throughText = JSON.parse(JSON.stringify(stored)) as JsonValue;
        expect(sameJson(stored, throughText)).toBe(true);
        expect(isDeepStrictEqual(serializer.restoreContext(stored, info), context)).toBe(true);
        expect(isDeepStrictEqual(serializer.restoreContext(throughText, info), context)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('a result of any kind comes back the same', () => {
    fc.assert(
      fc.property(accepted, (result) => {
        const stored = serializer.serializeResult(result, info);
        const throughText = stored === undefined ? undefined : (JSON.parse(JSON.stringify(stored)) as JsonValue);
        expect(isDeepStrictEqual(serializer.restoreResult(throughText, info), result)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('what is refused is refused by a path that leads to it', () => {
    fc.assert(
      fc.property(fc.array(wrapper, { minLength: 1, maxLength: 6 }), refused, (wrappers, bad) => {
        const context = wrappers.reduce((inner, wrap) => wrap(inner), bad) as object;
        const path = refusedPath(context);
        // Paths are written as code that reads the value.
        expect(runInNewContext(path, { context })).toBe(bad);
      }),
      { numRuns: 300 },
    );
  });

  test('the value itself is never changed', () => {
    fc.assert(
      fc.property(fc.dictionary(key, accepted), (context) => {
        const before = structuredClone(context);
        serializer.serializeContext(Object.freeze(context), info);
        expect(context).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });
});

function refusedPath(context: object): string {
  try {
    serializer.serializeContext(context, info);
  } catch (error) {
    if (error instanceof UnserializableValueError) return error.path;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('sameJson', () => {
  test('agrees with deep equality', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(sameJson(a as JsonValue, b as JsonValue)).toBe(isDeepStrictEqual(toText(a), toText(b)));
        expect(sameJson(a as JsonValue, structuredClone(a) as JsonValue)).toBe(true);
      }),
    );
  });

  test.each<[JsonValue | undefined, JsonValue | undefined, boolean]>([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: 1, b: 2 }, { a: 1 }, false],
    [{ a: null }, { b: null }, false],
    [[], {}, false],
    [[1, 2], [2, 1], false],
    [[1], [1, 2], false],
    [null, {}, false],
    [undefined, null, false],
    [undefined, undefined, true],
    [{ a: [{ b: 'x' }] }, { a: [{ b: 'x' }] }, true],
    [{ a: [{ b: 'x' }] }, { a: [{ b: 'y' }] }, false],
    [{ toString: 1 }, { a: 1 }, false],
  ])('%j and %j: %p', (a, b, same) => {
    expect(sameJson(a, b)).toBe(same);
    expect(sameJson(b, a)).toBe(same);
  });
});

/** -0 and 0 are the same in JSON. */
function toText(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json));
}
