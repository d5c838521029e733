import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from 'nest-saga';
import { times, type StorageUnderTest } from './storage-under-test.js';

/** Values that every storage keeps exactly. */
const KEPT: readonly (readonly [what: string, value: JsonValue])[] = [
  ['null', null],
  ['booleans', [true, false]],
  ['an empty text', ''],
  ['an empty object', {}],
  ['an empty array', []],
  ['empty values within others', { object: {}, array: [], text: '', nothing: null, nested: [[], {}, [[]]] }],
  ['numbers', [0, -1, 0.1, 1e308, 5e-324, -1.7976931348623157e308, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]],
  ['numbers that look like text', ['1', '1.0', '1e3', '0x10', 'NaN', 'Infinity', '9007199254740993']],
  ['texts that look like JSON', ['{"a":1}', '[1,2]', 'null', 'true', '"quoted"', '\\"']],
  ['texts that look like SQL', ["'; DROP TABLE sagas; --", '$1', '?', ':name', '%s', 'NULL', "\\'", '/* */', '`x`']],
  ['texts that look like dates', ['2024-02-30T00:00:00.000Z', '0000-00-00', '2024-01-01']],
  ['white space', [' ', '  a  ', '\t', '\n', '\r\n', 'a ', '\u00a0', '\u2028\u2029', '\ufeff']],
  ['control characters', ['\u0001', '\u001f', '\u007f', '\b\f\v', '\u0085']],
  ['letters of many scripts', ['käse', 'Ωμέγα', 'שלום', '日本語', 'नमस्ते', 'e\u0301', '\u00e9', '\u202edrawkcab']],
  ['emoji', ['🧀', '👩‍👩‍👧‍👦', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '\u{10ffff}', '\ufffd']],
  [
    'keys that objects inherit',
    JSON.parse('{"__proto__":{"a":1},"constructor":1,"toString":null,"hasOwnProperty":[]}'),
  ],
  ['nested inherited keys', JSON.parse('[{"__proto__":null},{"__proto__":{"__proto__":{"polluted":true}}}]')],
  ['awkward keys', { '': 1, ' ': 2, '1': 3, '-1': 4, 'a.b': 5, $ref: 6, '🧀': 7, '"': 8, "'": 9, '\n': 10 }],
  ['a hundred levels', nested(100)],
  ['a thousand properties', Object.fromEntries(times(1000, (index) => [`property ${index}`, index]))],
  ['a megabyte of text', 'käse 🧀 '.repeat(100_000)],
  ['a megabyte of objects', times(20_000, (index) => ({ id: index, name: `item ${index}`, price: index / 100 }))],
];

/** Values that not every storage can keep. One that cannot has to say so. */
const KEPT_OR_REFUSED: readonly (readonly [what: string, value: JsonValue])[] = [
  ['a NUL character', 'a\u0000b'],
  ['a key with a NUL character', { 'a\u0000b': 1 }],
  ['lone surrogates', ['\ud800', 'a\udc00b', '\udfff\ud800']],
  ['a key with a lone surrogate', { '\ud83e': 1 }],
  ['a hundred thousand levels', nested(100_000)],
];

export function describeValues(subject: StorageUnderTest): void {
  it.each(KEPT)('keeps %s, as context, result and snapshot', async (_, value) => {
    await subject.create({ context: value });
    expect((await subject.load()).record.context).toStrictEqual(value);

    const entries = [{ event: 'completed', step: 'reserve', phase: 'act', attempt: 1, result: value }] as const;
    await subject.write('saga-1', { entries, context: [value], snapshot: { value } });
    const loaded = await subject.load();
    expect(loaded.record.context).toStrictEqual([value]);
    expect(loaded.snapshot).toStrictEqual({ value });
    const [last] = await subject.storage.history('saga-1', { after: 2 });
    expect(last).toHaveProperty('result');
    expect(last?.event === 'completed' && last.step !== undefined && last.result).toStrictEqual(value);
  });

  describe.each(KEPT_OR_REFUSED)('%s', (_, value) => {
    it('is kept in a new saga, or refused', async () => {
      const refused = await refusal(subject.create({ context: value }));
      if (refused) return expect(await subject.storage.load('saga-1')).toBeUndefined();
      return expectSame((await subject.load()).record.context, value);
    });

    it('is kept by a transition, or refused and nothing changes', async () => {
      await subject.create();
      const before = await subject.load();
      const entries = [{ event: 'completed', step: 'reserve', phase: 'act', attempt: 1, result: value }] as const;
      const refused = await refusal(
        subject.write('saga-1', { entries, context: value, head: { failedStep: 'charge' } }),
      );
      const after = await subject.load();
      if (refused) return expect(after).toEqual({ ...before, now: expect.any(Date) });
      expect(after.record).toMatchObject({ version: 2, failedStep: 'charge' });
      return expectSame(after.record.context, value);
    });

    it('harms nothing that is written at the same time', async () => {
      const good = times(10, (index) => `good-${index}`);
      const [, ...created] = await Promise.all([
        refusal(subject.create({ id: 'odd', context: value })),
        ...good.map((id) => subject.create({ id })),
      ]);
      expect(created).toMatchObject(good.map(() => ({ outcome: 'created' })));
      await subject.create({ id: 'odd' });
      const odd = subject.next(await subject.load('odd'), { context: value });
      const [, ...written] = await Promise.all([
        refusal(subject.storage.transition(odd)),
        ...good.map((id) => subject.write(id, { context: id })),
      ]);
      expect(written).toMatchObject(good.map(() => ({ outcome: 'written' })));
    });
  });

  it.each<[what: string, value: unknown]>([
    ['a big integer', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a cycle', cycle()],
  ])('has nothing harmed by %s, which is no JSON, that is written at the same time', async (_, value) => {
    const good = times(10, (index) => `good-${index}`);
    const [, ...created] = await Promise.all([
      refusal(subject.create({ id: 'odd', context: value as JsonValue })),
      ...good.map((id) => subject.create({ id, context: { id } })),
    ]);
    expect(created).toMatchObject(good.map(() => ({ outcome: 'created' })));
    expect((await subject.load('good-7')).record.context).toEqual({ id: 'good-7' });
  });

  it('keeps the messages of errors and reasons, whatever they say', async () => {
    const message = `It's "100%" \\ 🧀\n\t'; DROP TABLE sagas; -- ${'long '.repeat(20_000)}`;
    const error = { name: "O'Error", message, code: '', http: { status: 500, response: { message: [message] } } };
    const heldReason = { code: 'unstorable-result', message } as const;
    await subject.createWith({ error, heldReason });
    expect((await subject.load()).record).toMatchObject({ error, heldReason });
    expect((await subject.storage.find({ held: true })).items).toMatchObject([{ error, heldReason }]);
  });

  it('pollutes no prototype', async () => {
    const hostile = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    ) as JsonValue;
    await subject.create({ context: hostile });
    await subject.load();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
}

/** Whether a write was refused as one that can never be stored. Every other failure fails the test. */
async function refusal(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: 'SAGA_STORAGE_REJECTED' });
    return true;
  }
}

/** Level by level, because matchers recurse, and these values may be deeper than the stack. */
function expectSame(stored: JsonValue, given: JsonValue): void {
  if (!Array.isArray(given) || given.length !== 1) return expect(stored).toStrictEqual(given);
  let [one, other]: JsonValue[] = [stored, given];
  while (Array.isArray(other)) {
    expect(Array.isArray(one)).toBe(true);
    [one, other] = [(one as readonly JsonValue[])[0]!, other[0] as JsonValue];
  }
  return expect(one).toStrictEqual(other);
}

function nested(levels: number): JsonValue {
  let value: JsonValue = 'bottom';
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

function cycle(): object {
  const one: Record<string, unknown> = {};
  one['itself'] = one;
  return one;
}
