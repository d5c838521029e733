import { describe, expect, it } from '@jest/globals';
import { InvalidQueryError } from 'nest-saga';
import { checkQuery } from '../../lib/storage/checked-query.js';
import { encodeCursor } from '../../lib/storage/page-cursor.js';

describe('A query for sagas', () => {
  it('asks for fifty at a time unless told otherwise, and for no more than a thousand', () => {
    expect(checkQuery({})).toEqual({ limit: 50 });
    expect(checkQuery({ limit: 1 })).toEqual({ limit: 1 });
    expect(checkQuery({ limit: 1000 })).toEqual({ limit: 1000 });
    expect(checkQuery({ limit: 1001 })).toEqual({ limit: 1000 });
  });

  it('passes its filters on, statuses as a list and the cursor read', () => {
    const filters = {
      name: 'n',
      step: 's',
      error: 'e',
      held: true,
      createdAfter: new Date(1),
      createdBefore: new Date(2),
    } as const;
    const cursor = { createdAt: 1, id: 'saga-1' };
    expect(checkQuery({ ...filters, status: 'FAILED', after: encodeCursor(cursor) })).toEqual({
      ...filters,
      statuses: ['FAILED'],
      limit: 50,
      after: cursor,
    });
  });

  it.each([
    ['status', 'UNKNOWN'],
    ['status', []],
    ['status', ['FAILED', 'UNKNOWN']],
    ['name', 1],
    ['step', null],
    ['error', {}],
    ['held', false],
    ['createdAfter', new Date(NaN)],
    ['createdBefore', 0],
    ['limit', '10'],
    ['after', 'nonsense'],
    ['after', 5],
  ])('is refused by an error that names %s when that is %j', (property, value) => {
    expect(() => checkQuery({ [property]: value })).toThrow(InvalidQueryError);
    expect(() => checkQuery({ [property]: value })).toThrow(`"${property}"`);
  });
});
