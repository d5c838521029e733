import { describe, expect, test } from '@jest/globals';
import { runInNewContext } from 'node:vm';
import { z } from 'zod';
import { JsonSagaSerializer } from '../../lib/context/json-saga-serializer.js';
import { ContextTooLargeError } from '../../lib/errors/context-too-large-error.js';
import { SagaConfigurationError } from '../../lib/errors/saga-configuration-error.js';
import { UnreadableValueError } from '../../lib/errors/unreadable-value-error.js';
import { UnserializableValueError } from '../../lib/errors/unserializable-value-error.js';
import type { JsonValue } from '../../lib/storage/json-value.js';

class Order {
  paid = false;
  constructor(
    readonly id: string,
    public amount: number,
  ) {
    if (!id) throw new Error('an order needs an id');
  }
  get total(): number {
    return this.amount * 2;
  }
}

class Address {
  constructor(readonly street = '') {}
}

const info = { saga: 'OrderSaga', sagaId: 'o-1' };
const serializer = new JsonSagaSerializer();

function refusal(context: object, contextType?: new (...args: never[]) => object): Error & { path?: string } {
  try {
    serializer.serializeContext(context, { ...info, ...(contextType && { contextType }) });
  } catch (error) {
    if (error instanceof UnserializableValueError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('a context that is a plain object', () => {
  test('is stored as the JSON one expects', () => {
    const context = { id: 'o-1', items: ['book'], amount: 42, note: null, gift: true };
    expect(serializer.serializeContext(context, info)).toEqual(context);
  });

  test('shares nothing with what is stored, nor with what is restored', () => {
    const context = { items: [{ sku: 'book' }] };
    const stored = serializer.serializeContext(context, info);
    const restored = serializer.restoreContext(stored, info) as typeof context;
    context.items[0] = { sku: 'changed' };
    expect(stored).toEqual({ items: [{ sku: 'book' }] });
    restored.items[0] = { sku: 'changed' };
    expect(stored).toEqual({ items: [{ sku: 'book' }] });
  });

  test('keeps a property called $saga, and one called __proto__', () => {
    const context = JSON.parse('{"$saga":"date","value":"x","inner":{"__proto__":{"polluted":true}}}') as object;
    const restored = serializer.restoreContext(serializer.serializeContext(context, info), info);
    expect(JSON.stringify(restored)).toBe(JSON.stringify(context));
    expect('polluted' in {}).toBe(false);
    expect(Object.getPrototypeOf((restored as { inner: object }).inner)).toBe(Object.prototype);
  });

  test('keeps a date that is none', () => {
    const stored = serializer.serializeContext({ at: new Date(NaN) }, info);
    const restored = serializer.restoreContext(stored, info) as { at: Date };
    expect(restored.at).toBeInstanceOf(Date);
    expect(restored.at.getTime()).toBeNaN();
  });

  test('may come from another realm, as from fetch in a test runner', () => {
    const context = runInNewContext('({ a: [1], b: { c: new Date(0) }, d: new Map([[1, new Set([2])]]) })') as object;
    expect(serializer.restoreContext(serializer.serializeContext(context, info), info)).toEqual({
      a: [1],
      b: { c: new Date(0) },
      d: new Map([[1, new Set([2])]]),
    });
  });

  test('may be the output of a schema', () => {
    const contextType = z.object({ at: z.coerce.date() });
    const stored = serializer.serializeContext({ at: new Date(5) }, { ...info, contextType });
    expect(serializer.restoreContext(stored, { ...info, contextType })).toEqual({ at: new Date(5) });
  });
});

describe('a context that is an instance of a plain class', () => {
  test('comes back as one, without its constructor being called', () => {
    const order = new Order('o-1', 21);
    order.paid = true;
    const stored = serializer.serializeContext(order, { ...info, contextType: Order });
    expect(stored).toEqual({ id: 'o-1', amount: 21, paid: true });
    const restored = serializer.restoreContext(stored, { ...info, contextType: Order });
    expect(restored).toStrictEqual(order);
    expect((restored as Order).total).toBe(42);
  });

  test('is refused as an instance of another class', () => {
    class SpecialOrder extends Order {}
    expect(refusal(new SpecialOrder('o-1', 1), Order).message).toBe(
      "The context of saga OrderSaga 'o-1' cannot be stored: context is an instance of SpecialOrder, and would come back as Order: make it a Order.",
    );
    expect(refusal({ id: 'o-1' }, Order).message).toContain('would come back as Order');
  });
});

describe('what would not come back the same is refused by its path', () => {
  const circle: Record<string, unknown> = { name: 'circle' };
  circle['self'] = { back: [circle] };
  const hidden = Object.defineProperty({}, 'secret', { value: 1, enumerable: false });
  const list = Object.assign([1, 2], { extra: true });
  const holes = [1, , 3];

  test.each<[string, object, string, string]>([
    ['a function', { card: { charge: () => 1 } }, 'context.card.charge', 'is a function'],
    ['a symbol', { a: [Symbol('x')] }, 'context.a[0]', 'is a symbol'],
    ['a key that is a symbol', { a: { [Symbol('x')]: 1 } }, 'context.a[Symbol(x)]', 'a symbol for its key'],
    ['a class instance', { to: [new Address()] }, 'context.to[0]', '@Type(() => Address)'],
    ['a class instance as the whole', new Address(), 'context', 'is an instance of Address'],
    ['a regular expression', { a: /x/ }, 'context.a', 'is an instance of RegExp'],
    ['an error', { 'last error': new Error('x') }, 'context["last error"]', 'is an instance of Error'],
    ['a promise', { a: Promise.resolve(1) }, 'context.a', 'is an instance of Promise'],
    ['a typed array', { a: new Float64Array(1) }, 'context.a', 'is an instance of Float64Array'],
    ['a boxed number', { a: Object(1) as object }, 'context.a', 'is an instance of Number'],
    ['a subclass of Map', { a: new (class Prices extends Map {})() }, 'context.a', 'is an instance of Prices'],
    ['a subclass of Array', { a: new (class Items extends Array {})() }, 'context.a', 'is an instance of Items'],
    ['a circle', circle, 'context.self.back[0]', 'refers back to an object that contains it'],
    [
      'an accessor',
      {
        get now() {
          return 1;
        },
      },
      'context.now',
      'is an accessor',
    ],
    ['a hidden property', { a: hidden }, 'context.a.secret', 'is not enumerable'],
    ['a hole in an array', { holes }, 'context.holes[1]', 'is a hole'],
    ['a property of an array', { list }, 'context.list.extra', 'on a built-in object'],
    ['inside a map', { m: new Map([['apple', () => 1]]) }, 'context.m.get("apple")', 'is a function'],
    ['the key of a map', { m: new Map([[() => 1, 1]]) }, 'context.m.keys()[0]', 'is a function'],
    ['behind such a key', { m: new Map([[{ a: 1 }, () => 1]]) }, 'context.m.values()[0]', 'is a function'],
    ['inside a set', { s: new Set([1, () => 1]) }, 'context.s.values()[1]', 'is a function'],
  ])('%s', (_what, context, path, problem) => {
    const error = refusal(context);
    expect(error.path).toBe(path);
    expect(error.message).toContain("saga OrderSaga 'o-1'");
    expect(error.message).toContain(problem);
  });

  test('never runs an accessor to find out', () => {
    let runs = 0;
    const context = {
      get now() {
        return ++runs;
      },
    };
    expect(refusal(context).path).toBe('context.now');
    expect(runs).toBe(0);
  });

  test('a result is refused as the result of its step', () => {
    expect(() => serializer.serializeResult({ to: new Address() }, { ...info, step: 'ship' })).toThrow(
      "The result of step ship of saga OrderSaga 'o-1' cannot be stored: result.to is an instance of Address, " +
        'and would not come back as one: return plain data.',
    );
  });

  test('what is nested too deep, without exhausting the stack', () => {
    let deep: object = {};
    for (let level = 0; level < 100_000; level++) deep = { deep };
    expect(refusal(deep).message).toContain('is more than 500 levels deep');
  });

  test('class instances, with the advice to install class-transformer where a class is there to say so', () => {
    const order = Object.assign(new Order('o-1', 1), { to: new Address() });
    expect(refusal(order, Order).message).toContain('install class-transformer and put @Type(() => Address)');
  });
});

describe('a size limit', () => {
  const small = new JsonSagaSerializer({ maxSize: 1_000 });

  test('refuses what is larger, by saga and step, and says how large', () => {
    const context = { text: 'x'.repeat(2_000) };
    expect(() => small.serializeContext(context, { ...info, step: 'charge' })).toThrow(ContextTooLargeError);
    expect(() => small.serializeContext(context, { ...info, step: 'charge' })).toThrow(
      /^The context after step charge of saga OrderSaga 'o-1' is too large to be stored: at least 20\d\d characters of JSON, where 1000 are allowed/,
    );
    expect(() => small.serializeResult(context.text, { ...info, step: 'charge' })).toThrow('The result of step charge');
  });

  test.each<[string, unknown]>([
    ['many numbers', Array.from({ length: 500 }, (_, index) => index)],
    ['many keys', Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`key${String(index)}`, true]))],
    ['bytes', new Uint8Array(1_000)],
    ['a map', new Map(Array.from({ length: 200 }, (_, index) => [index, null]))],
    ['many empty objects', Array.from({ length: 500 }, () => ({}))],
    ['one big integer', 10n ** 1_500n],
  ])('counts %s', (_what, value) => {
    expect(() => small.serializeContext({ value }, info)).toThrow(ContextTooLargeError);
    expect(() => serializer.serializeContext({ value }, info)).not.toThrow();
  });

  test('is 4 Mi characters unless said otherwise', () => {
    expect(() => serializer.serializeContext({ text: 'x'.repeat(4_194_000) }, info)).not.toThrow();
    expect(() => serializer.serializeContext({ text: 'x'.repeat(4_194_400) }, info)).toThrow(ContextTooLargeError);
  });

  test.each([0, -1, NaN])('cannot be %p', (maxSize) => {
    expect(() => new JsonSagaSerializer({ maxSize })).toThrow(SagaConfigurationError);
  });
});

describe('what no release has written is unreadable', () => {
  test.each<[string, JsonValue]>([
    ['no object', 'text'],
    ['a tag of a newer release', { at: { $saga: 'temporal', value: 'x' } }],
    ['a map that is no list', { at: { $saga: 'map', value: 'x' } }],
    ['a date that is no text', { at: { $saga: 'date', value: 5 } }],
    ['a big integer that is no number', { at: { $saga: 'bigint', value: 'x' } }],
    ['an escaped object that is none', { $saga: 'object', value: [] }],
    ['a typed context without its class', { $saga: 'typed', value: {}, typed: {} }],
  ])('%s', (_what, stored) => {
    const read = (): object => serializer.restoreContext(stored, info);
    expect(read).toThrow(UnreadableValueError);
    expect(read).toThrow("The context of saga OrderSaga 'o-1' cannot be restored: ");
  });

  test('a typed context where class-transformer is gone', () => {
    expect(() =>
      serializer.restoreContext({ $saga: 'typed', value: {}, typed: {} }, { ...info, contextType: Order }),
    ).toThrow('class-transformer, by which it was stored, is not installed');
  });
});
