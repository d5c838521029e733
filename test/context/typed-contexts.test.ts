import 'reflect-metadata';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { JsonSagaSerializer } from '../../lib/context/json-saga-serializer.js';
import { UnreadableValueError } from '../../lib/errors/unreadable-value-error.js';
import { UnserializableValueError } from '../../lib/errors/unserializable-value-error.js';
import type { JsonValue } from '../../lib/storage/json-value.js';

class Address {
  street = '';
  static of(street: string): Address {
    return Object.assign(new Address(), { street });
  }
  label(): string {
    return `to ${this.street}`;
  }
}

class Item {
  sku = '';
  @Type(() => Address) from?: Address;
}

/** Knows its amount by a way that only its own text tells. */
class Money {
  readonly #cents: bigint;
  constructor(text: string) {
    this.#cents = BigInt(text);
  }
  toString(): string {
    return String(this.#cents);
  }
}

abstract class Payment {}
class Card extends Payment {
  number = '';
}
class Invoice extends Payment {
  days = 0;
}

class Order {
  id = '';
  @Exclude() password = 'default';
  @Expose({ name: 'n' }) note = '';
  tags = new Set<string>();
  prices = new Map<string, bigint>();
  at = new Date(0);
  bytes = new Uint8Array([1, 2]);
  @Type(() => Address) address?: Address;
  @Type(() => Item) items?: Item[];
  @Type(() => Item) byName?: Map<string, Item>;
  @Type(() => Payment, {
    discriminator: {
      property: 'kind',
      subTypes: [
        { value: Card, name: 'card' },
        { value: Invoice, name: 'invoice' },
      ],
    },
  })
  payment?: Payment;
  @Transform(({ value }) => String(value), { toPlainOnly: true })
  @Transform(({ value }) => new Money(value as string), { toClassOnly: true })
  price?: Money;
  @Transform(({ value }) => (value as Address).street, { toPlainOnly: true })
  lossy?: Address;
  untyped?: unknown;

  @Expose() get twice(): string {
    return this.id + this.id;
  }
}

const serializer = new JsonSagaSerializer();
const info = { saga: 'OrderSaga', sagaId: 'o-1', contextType: Order };

beforeAll(() => serializer.prepare([Order]));

function order(properties: Partial<Order>): Order {
  return Object.assign(new Order(), properties);
}

function throughStorage(context: Order): Order {
  const text = JSON.stringify(serializer.serializeContext(context, info));
  return serializer.restoreContext(JSON.parse(text) as JsonValue, info) as Order;
}

function refusedPath(context: Order): string {
  try {
    serializer.serializeContext(context, info);
  } catch (error) {
    if (error instanceof UnserializableValueError) return error.path;
    throw error;
  }
  throw new Error('it was not refused');
}

function item(sku: string, from?: string): Item {
  return Object.assign(new Item(), { sku }, from !== undefined && { from: Address.of(from) });
}

describe('nested instances that @Type names come back as such', () => {
  test.each<[string, Partial<Order>]>([
    ['alone', { address: Address.of('Elm') }],
    ['in a list, and inside one another', { items: [item('book', 'Elm'), item('pen')] }],
    ['in a map', { byName: new Map([['a', item('book', 'Elm')]]) }],
    ['told apart by a discriminator', { payment: Object.assign(new Card(), { number: '4242' }) }],
    ['by a pair of @Transforms', { price: new Money('123') }],
    [
      'beside everything that class-transformer would change on its own',
      {
        address: Address.of('Elm'),
        id: 'o-1',
        password: 'kept',
        note: 'kept',
        tags: new Set(['a']),
        prices: new Map([['a', 1n]]),
        at: new Date(5),
        bytes: new Uint8Array([9]),
      },
    ],
  ])('%s', (_what, properties) => {
    const original = order(properties);
    const restored = throughStorage(original);
    expect(isDeepStrictEqual(restored, original)).toBe(true);
    expect(String(restored.price)).toBe(String(original.price));
    expect(restored.address?.label()).toBe(original.address?.label());
  });

  test('each on its own: two attempts never share one', () => {
    const stored = serializer.serializeContext(order({ address: Address.of('Elm') }), info);
    const first = serializer.restoreContext(stored, info) as Order;
    const second = serializer.restoreContext(stored, info) as Order;
    expect(first.address).not.toBe(second.address);
  });
});

test('@Exclude and @Expose say what leaves the application, not what a storage keeps', () => {
  const original = order({ password: 'secret', note: 'ring twice' });
  expect(isDeepStrictEqual(throughStorage(original), original)).toBe(true);
});

test('a context without nested instances does not go through class-transformer', () => {
  expect(serializer.serializeContext(order({ id: 'o-1' }), info)).toMatchObject({ id: 'o-1', password: 'default' });
});

test('the context itself is not changed: a discriminator is written into what is stored only', () => {
  const payment = Object.assign(new Card(), { number: '4242' });
  serializer.serializeContext(order({ payment }), info);
  expect(Object.keys(payment)).toEqual(['number']);
});

describe('nested instances that would not come back the same are refused', () => {
  test.each<[string, Partial<Order>, string, string]>([
    ['without @Type', { untyped: Address.of('Elm') }, 'context.untyped', 'put @Type(() => Address)'],
    ['deep inside', { untyped: { to: [Address.of('Elm')] } }, 'context.untyped.to[0]', 'put @Type(() => Address)'],
    ['by a @Transform that loses something', { lossy: Address.of('Elm') }, 'context.lossy', 'instead of'],
    ['with a set inside', { address: Object.assign(Address.of('E'), { a: new Set([1]) }) }, 'context.address.a', 'Set'],
    ['with a function inside', { address: Object.assign(Address.of('E'), { a: () => 1 }) }, 'context.address.a', ''],
    ['as a subclass', { address: new (class Home extends Address {})() }, 'context.address', 'instance of Home'],
    ['as a regular expression', { untyped: /x/ }, 'context.untyped', 'RegExp'],
  ])('%s', (_what, properties, path, problem) => {
    expect(refusedPath(order(properties))).toBe(path);
    expect(() => serializer.serializeContext(order(properties), info)).toThrow(problem);
  });

  test('in a circle', () => {
    const address = Address.of('Elm');
    Object.assign(address, { self: address });
    expect(refusedPath(order({ address }))).toMatch(/^context\.address/);
  });

  test('with something else beside them that cannot be stored', () => {
    expect(refusedPath(order({ address: Address.of('Elm'), untyped: [() => 1] }))).toBe('context.untyped[0]');
    const accessor = Object.defineProperty(order({ address: Address.of('Elm') }), 'now', {
      get: () => 1,
      enumerable: true,
    });
    expect(refusedPath(accessor)).toBe('context.now');
  });

  test('when their class cannot be made', () => {
    class Picky {
      @Type(() => Address) address = new Address();
      constructor(ready: boolean) {
        if (!ready) throw new Error('not ready');
      }
    }
    const picky = (): JsonValue => serializer.serializeContext(new Picky(true), { ...info, contextType: Picky });
    expect(picky).toThrow(UnserializableValueError);
    expect(picky).toThrow('not ready');
  });
});

test('every instance that is accepted comes back the same, prototypes included', () => {
  const address = fc.string().map((street) => Address.of(street));
  const thing = fc.oneof(
    fc.string(),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
    address,
    fc.constant(undefined),
  );
  const anything = fc.oneof(
    thing,
    fc.array(thing),
    fc.array(thing).map((items) => new Set(items)),
    fc.dictionary(fc.string(), thing),
  );
  const outcomes = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(
      fc.record({ address, untyped: anything, items: fc.array(fc.tuple(fc.string(), anything)) }, { requiredKeys: [] }),
      ({ items = [], ...properties }) => {
        const original = order({
          ...properties,
          items: items.map(([sku, extra]) => Object.assign(item(sku), { extra })),
        });
        try {
          expect(isDeepStrictEqual(throughStorage(original), original)).toBe(true);
          outcomes.accepted++;
        } catch (error) {
          if (!(error instanceof UnserializableValueError)) throw error;
          expect(() => runInNewContext(error.path, { context: original }) as unknown).not.toThrow();
          outcomes.refused++;
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(outcomes.accepted).toBeGreaterThan(30);
  expect(outcomes.refused).toBeGreaterThan(30);
});

test('a stored instance whose class cannot be made any more is unreadable', () => {
  let broken = false;
  class Fragile {
    @Type(() => Address) address = Address.of('Elm');
    constructor() {
      if (broken) throw new Error('broken by a deploy');
    }
  }
  const fragile = { ...info, contextType: Fragile };
  const stored = serializer.serializeContext(new Fragile(), fragile);
  broken = true;
  expect(() => serializer.restoreContext(stored, fragile)).toThrow(UnreadableValueError);
});
