import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InvalidQueryError, SagaError } from 'nest-saga';
import { decodeCursor, encodeCursor } from '../../lib/storage/page-cursor.js';

const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) });

describe('A page cursor', () => {
  it('comes back as it was, whatever the id and the time', () => {
    const times = fc.date({ noInvalidDate: true }).map((date) => date.getTime());
    fc.assert(
      fc.property(times, anyText, (createdAt, id) => {
        const cursor = { createdAt, id };
        expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
      }),
    );
  });

  it('is safe in a URL', () => {
    fc.assert(fc.property(anyText, (id) => expect(encodeCursor({ createdAt: 0, id })).toMatch(/^[\w-]+$/)));
  });

  it('is refused, with a 400, when it is not exactly what a page gave', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.json().map(base64url), fc.base64String()), (text) => {
        expect(() => decodeCursor(text)).toThrow(InvalidQueryError);
      }),
    );
    const cursor = encodeCursor({ createdAt: 0, id: 'saga-1' });
    for (const text of [
      `${cursor}=`,
      `${cursor} `,
      ` ${cursor}`,
      cursor.slice(1),
      base64url('[0, "saga-1"]'),
      base64url('[8.64e+15,""]'),
      base64url('[8640000000000001,""]'),
    ]) {
      expect(() => decodeCursor(text)).toThrow(InvalidQueryError);
    }
  });

  it('is refused with an error that answers a client', () => {
    const error = refusal(() => decodeCursor('nonsense'));
    expect(error).toBeInstanceOf(SagaError);
    expect(error.getStatus()).toBe(400);
    expect(error.message).toContain('"after"');
    expect(error.getResponse()).toEqual({
      statusCode: 400,
      error: 'Bad Request',
      code: 'SAGA_INVALID_QUERY',
      message: error.message,
    });
  });
});

function refusal(work: () => unknown): InvalidQueryError {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidQueryError) return error;
  }
  throw new Error('Nothing was refused.');
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
