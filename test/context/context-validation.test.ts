import 'reflect-metadata';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Exclude, Transform, Type } from 'class-transformer';
import { IsInt, IsPositive, IsString, registerDecorator, ValidateNested } from 'class-validator';
import { z } from 'zod';
import type { ContextType } from '../../lib/context/context-type.js';
import { ContextValidation } from '../../lib/context/context-validation.js';
import type { StandardSchema } from '../../lib/context/standard-schema.js';
import { InvalidSagaContextError } from '../../lib/errors/invalid-saga-context-error.js';

class Item {
  @IsString() sku!: string;
  @IsPositive() price!: number;
}

class Order {
  @IsString() id!: string;
  @IsInt() @IsPositive() amount!: number;
  @ValidateNested({ each: true }) @Type(() => Item) items: Item[] = [];
  @Exclude() secret?: string;
  note = 'none';
}

class Bag {
  tags?: Set<string>;
}

class Plain {
  note = 'none';
  tags?: Set<string>;
  bytes?: Uint8Array;
  @Transform(({ value }) => (value as string).trim()) name?: string;
  @Type(() => Bag) bag?: Bag;
  @Type(() => Bag) bags?: Map<string, Bag>;
  hello(): string {
    return `hello ${this.note}`;
  }
}

const info = { saga: 'OrderSaga', sagaId: 'o-1' };
const validation = new ContextValidation();
const bare = new ContextValidation();

beforeAll(() => validation.prepare([Order, Plain]));

async function problems(type: ContextType | undefined, value: unknown): Promise<InvalidSagaContextError> {
  try {
    await validation.prepareContext(type, value, info);
  } catch (error) {
    if (error instanceof InvalidSagaContextError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('without a context type', () => {
  test('any object will do, and nothing is waited for', () => {
    const context = { id: 1 };
    expect(validation.prepareContext(undefined, context, info)).toBe(context);
  });

  test.each([[null], [undefined], ['text'], [5], [[1]], [new Date()], [new Map()], [() => 1]])(
    'refuses %p',
    async (value) => {
      const error = await problems(undefined, value);
      expect(error.message).toContain(
        'saga OrderSaga is invalid, so it was not started: the context must be an object',
      );
      expect(error.sagaId).toBe('o-1');
    },
  );
});

describe('a class with rules', () => {
  test('takes an instance as it is', async () => {
    const order = Object.assign(new Order(), { id: 'o-1', amount: 1 });
    expect(await validation.prepareContext(Order, order, info)).toBe(order);
  });

  test('takes a plain object and makes an instance of it, nested ones too', async () => {
    const given = { id: 'o-1', amount: 1, items: [{ sku: 'book', price: 5 }], secret: 'kept' };
    const before = structuredClone(given);
    const context = (await validation.prepareContext(Order, given, info)) as Order;
    expect(context).toBeInstanceOf(Order);
    expect(context.items[0]).toBeInstanceOf(Item);
    expect(context).toMatchObject({ ...before, note: 'none' });
    expect(given).toEqual(before);
  });

  test('names every property that breaks a rule, with its path', async () => {
    const error = await problems(Order, {
      id: 5,
      amount: -1.5,
      items: [
        { sku: 'book', price: 1 },
        { sku: 1, price: -1 },
      ],
    });
    expect(error.problems.map(({ path }) => path)).toEqual([
      'id',
      'amount',
      'amount',
      'items[1].sku',
      'items[1].price',
    ]);
    expect(error.getResponse()).toEqual({
      statusCode: 400,
      error: 'Bad Request',
      code: 'SAGA_INVALID_CONTEXT',
      message: [
        'id must be a string',
        'amount must be a positive number',
        'amount must be an integer number',
        'items[1].sku must be a string',
        'items[1].price must be a positive number',
      ],
    });
  });

  test('waits for rules that are asynchronous', async () => {
    class Stocked {
      sku = '';
    }
    registerDecorator({
      name: 'inStock',
      target: Stocked,
      propertyName: 'sku',
      validator: { validate: (sku) => Promise.resolve(sku === 'book'), defaultMessage: () => '$property is sold out' },
    });
    await expect(validation.prepareContext(Stocked, { sku: 'book' }, info)).resolves.toBeInstanceOf(Stocked);
    expect((await problems(Stocked, { sku: 'pen' })).problems).toEqual([{ path: 'sku', message: 'sku is sold out' }]);
  });

  test('allows properties that no rule knows', async () => {
    const given = { id: 'o-1', amount: 1, extra: true };
    expect(await validation.prepareContext(Order, given, info)).toMatchObject({ extra: true });
  });
});

describe('a class without rules', () => {
  test('takes a plain object at once, with its defaults and methods', () => {
    const context = validation.prepareContext(Plain, { name: ' ada ' }, info) as Plain;
    expect(context).toBeInstanceOf(Plain);
    expect([context.hello(), context.name]).toEqual(['hello none', 'ada']);
  });

  test('keeps sets, maps and bytes that class-transformer would change', () => {
    const bags = new Map([['x', { tags: new Set(['a']) }]]);
    const given = { tags: new Set(['a']), bytes: new Uint8Array([1, 2]), bags };
    expect(validation.prepareContext(Plain, given, info)).toMatchObject(given);
  });

  test('refuses those that it would change further inside', async () => {
    const error = await problems(Plain, { bag: { tags: new Set(['a']) } });
    expect(error.problems[0]?.path).toBe('bag.tags');
    expect(error.message).toContain('give an instance of Plain');
  });

  test('says so when no instance can be made of a plain object', async () => {
    class Picky {
      constructor(order: { id: string }) {
        order.id.trim();
      }
    }
    const error = await problems(Picky, { id: 'o-1' });
    expect(error.message).toContain('no Picky could be made of a plain object');
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test('works where neither class-validator nor class-transformer is installed', () => {
    const context = bare.prepareContext(Plain, { note: 'hi' }, info) as Plain;
    expect(context).toBeInstanceOf(Plain);
    expect(context.hello()).toBe('hello hi');
  });
});

describe('a Standard Schema', () => {
  const schema = z.object({ id: z.string(), items: z.array(z.object({ price: z.number().positive() })).default([]) });

  test('gives out the context', async () => {
    expect(await validation.prepareContext(schema, { id: 'o-1', extra: 1 }, info)).toEqual({ id: 'o-1', items: [] });
  });

  test('names every property that is wrong, with its path', async () => {
    const error = await problems(schema, { id: 1, items: [{ price: 1 }, { price: -1 }] });
    expect(error.problems.map(({ path }) => path)).toEqual(['id', 'items[1].price']);
    expect(error.getResponse()).toMatchObject({
      message: [expect.stringMatching(/^id: /), expect.stringMatching(/^items\[1\]\.price: /)],
    });
  });

  test('may be asynchronous', async () => {
    const slow = schema.refine(({ id }) => Promise.resolve(id !== 'taken'), { path: ['id'], message: 'is taken' });
    await expect(validation.prepareContext(slow, { id: 'o-1' }, info)).resolves.toMatchObject({ id: 'o-1' });
    expect((await problems(slow, { id: 'taken' })).problems).toEqual([{ path: 'id', message: 'is taken' }]);
  });

  test('is waited for only if it is asynchronous', () => {
    const quick: StandardSchema<unknown, { id: string }> = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ value: { id: 'o-1' } }) },
    };
    expect(validation.prepareContext(quick, {}, info)).toEqual({ id: 'o-1' });
  });

  test('that gives out no object is refused', async () => {
    const text: StandardSchema<unknown, never> = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ value: 'text' as never }) },
    };
    expect((await problems(text, {})).message).toContain('the context must be an object, not string');
  });
});
