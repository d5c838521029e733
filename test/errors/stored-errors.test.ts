import { describe, expect, test } from '@jest/globals';
import { ConflictException, HttpException } from '@nestjs/common';
import { storeError } from '../../lib/errors/error-to-stored.js';
import { NonRetryableError } from '../../lib/errors/non-retryable-error.js';
import { SagaError } from '../../lib/errors/saga-error.js';
import { restoreError } from '../../lib/errors/stored-to-error.js';
import type { StoredError } from '../../lib/storage/stored-error.js';

function throughStorage(error: unknown): Error {
  return restoreError(JSON.parse(JSON.stringify(storeError(error))) as StoredError);
}

function httpThroughStorage(error: HttpException): HttpException {
  const restored = throughStorage(error);
  if (!(restored instanceof HttpException)) throw restored;
  return restored;
}

describe('an error that went through the storage', () => {
  test('has its name, message, stack, code and cause', () => {
    const cause = Object.assign(new RangeError('no rows'), { code: 'P0002' });
    const error = new TypeError('cannot charge', { cause });
    const restored = throughStorage(error);
    expect(restored).toBeInstanceOf(Error);
    expect(restored).toMatchObject({ name: 'TypeError', message: 'cannot charge', stack: error.stack });
    expect(restored.cause).toMatchObject({ name: 'RangeError', message: 'no rows', code: 'P0002' });
    expect(Object.keys(restored)).toEqual([]);
  });

  test('is still a 409 with its response', () => {
    const restored = httpThroughStorage(new ConflictException({ message: 'sold out', left: 0 }));
    expect(restored.getStatus()).toBe(409);
    expect(restored.getResponse()).toEqual({ message: 'sold out', left: 0 });
    expect(restored).toMatchObject({ name: 'ConflictException', message: 'sold out' });
  });

  test('has a response that was text as text', () => {
    const restored = httpThroughStorage(new HttpException('teapot', 418));
    expect([restored.getStatus(), restored.getResponse()]).toEqual([418, 'teapot']);
  });

  test('is still a SagaError with its code', () => {
    const restored = throughStorage(new NonRetryableError('the card was stolen'));
    expect(restored).toBeInstanceOf(SagaError);
    expect(restored).toMatchObject({ code: 'SAGA_NON_RETRYABLE', name: 'NonRetryableError' });
  });

  test('is no SagaError if it was none', () => {
    expect(throughStorage(Object.assign(new Error('x'), { code: 'ECONNRESET' }))).not.toBeInstanceOf(SagaError);
  });
});

describe('what is no error is stored as one that says what was thrown', () => {
  test.each([
    ['a string', 'out of stock', 'out of stock'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 42, '42'],
    ['an object', { reason: 'stock' }, '{"reason":"stock"}'],
    ['a symbol', Symbol('why'), 'Symbol(why)'],
    ['an object that JSON cannot say', { n: 1n }, 'a value of type object that cannot be shown'],
    [
      'a function without text',
      Object.assign(() => 1, {
        toString: () => {
          throw new Error('no');
        },
      }),
      'a value of type function that cannot be shown',
    ],
  ])('%s', (_what, thrown, message) => {
    expect(storeError(thrown)).toEqual({ name: 'NonError', message });
  });

  test('an object with a message counts as an error', () => {
    expect(storeError({ name: 'AxiosError', message: 'timeout', code: 'ECONNABORTED' })).toEqual({
      name: 'AxiosError',
      message: 'timeout',
      code: 'ECONNABORTED',
    });
  });
});

describe('storing an error never fails', () => {
  test('when its getters throw', () => {
    const error = new Error('visible');
    for (const key of ['stack', 'name', 'code', 'cause']) {
      Object.defineProperty(error, key, {
        get: () => {
          throw new Error('no');
        },
      });
    }
    expect(storeError(error)).toEqual({ name: 'Error', message: 'visible' });
  });

  test('when its message cannot be read', () => {
    const error = new Error('hidden');
    Object.defineProperty(error, 'message', {
      get: () => {
        throw new Error('no');
      },
    });
    expect(storeError(error)).toMatchObject({ name: 'Error', message: '' });
  });

  test('when it is a revoked proxy', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(storeError(proxy)).toMatchObject({ name: 'NonError' });
  });

  test('when its causes go round in a circle', () => {
    const first = new Error('first');
    const second = new Error('second', { cause: first });
    first.cause = second;
    const stored = storeError(first);
    expect(stored.cause?.message).toBe('second');
    expect(stored.cause?.cause).toBeUndefined();
  });

  test('when its causes never end', () => {
    let error = new Error('root');
    for (let depth = 0; depth < 50; depth++) error = new Error(`level ${String(depth)}`, { cause: error });
    let depth = 0;
    for (let at: StoredError | undefined = storeError(error); at; at = at.cause) depth++;
    expect(depth).toBe(6);
  });

  test('when its message and response are huge', () => {
    const stored = storeError(new HttpException({ message: 'x'.repeat(100_000) }, 400));
    expect(JSON.stringify(stored).length).toBeLessThan(50_000);
    expect(stored.message).toContain('more characters');
    expect(stored.http?.status).toBe(400);
  });

  test('when its response is no JSON: the status is kept', () => {
    const response: Record<string, unknown> = { message: 'odd' };
    response['self'] = response;
    expect(storeError(new HttpException(response, 422)).http).toEqual({
      status: 422,
      response: { statusCode: 422, message: 'odd' },
    });
  });

  test('when its text has characters that databases refuse', () => {
    const stored = storeError(new HttpException('a\0b\uD800c', 400));
    expect(stored.message).toBe('a\uFFFDb\uFFFDc');
    expect(stored.http?.response).toBe('a\uFFFDb\uFFFDc');
  });
});
