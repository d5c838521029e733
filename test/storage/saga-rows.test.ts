import { describe, expect, it } from '@jest/globals';
import { UnreadableSagaError } from 'nest-saga';
import { toEntries, type LogRow } from '../../lib/storage/rows/saga-rows.js';

const ROW: LogRow = {
  version: 2,
  format: 1,
  write_id: 'write',
  worker: 'worker-1',
  at: 1_000,
  first_seq: 3,
  last_seq: 4,
  entries: '[]',
  context: null,
  snapshot: null,
};

describe('The entries of a row of the log', () => {
  const stamped = (worker: object) => [
    { event: 'cancelled', seq: 3, at: new Date(1_000), ...worker },
    { event: 'failed', seq: 4, at: new Date(1_000), ...worker },
  ];

  it.each([
    ['as text', '[{"event":"cancelled"},{"event":"failed"}]'],
    ['as part of JSON', [{ event: 'cancelled' }, { event: 'failed' }]],
  ])('are numbered, and say when and by whom they were written: %s', (_, entries) => {
    expect(toEntries('saga-1', { ...ROW, entries })).toEqual(stamped({ worker: 'worker-1' }));
  });

  it('name no worker where none has written them', () => {
    const row = { ...ROW, worker: null, entries: '[{"event":"cancelled"},{"event":"failed"}]' };
    expect(toEntries('saga-1', row)).toStrictEqual(stamped({}));
  });

  it.each([
    ['too few', '[{"event":"cancelled"}]'],
    ['no entries at all', '[null,7]'],
    ['no list', '{"event":"cancelled"}'],
    ['no JSON', '[{"event":'],
  ])('cannot be read when they are %s', (_, entries) => {
    expect(() => toEntries('saga-1', { ...ROW, entries })).toThrow(UnreadableSagaError);
  });
});
