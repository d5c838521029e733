import { describe, expect, it } from '@jest/globals';
import { titled, type StorageUnderTest } from './storage-under-test.js';

/** Names that every storage takes, wherever a name may stand. */
const NAMES: readonly string[] = [
  "'; DROP TABLE sagas; --",
  '" OR ""="',
  "O'Brien",
  '`backtick`',
  '%',
  '_',
  '*',
  '?',
  '$1',
  ':id',
  'a\\b',
  '\\',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  '0',
  '-1',
  'a b',
  ' leading and trailing ',
  'a\nb',
  'a/b/../c',
  'a:b:c',
  '{a}',
  'käse',
  '日本語',
  '🧀👩‍👩‍👧‍👦',
  '\u202edrawkcab',
  'x'.repeat(250),
];

/** Pairs that a careless collation takes for one. */
const LOOKALIKES: readonly (readonly [string, string])[] = [
  ['saga', 'SAGA'],
  ['saga', 'saga '],
  ['saga', ' saga'],
  ['a', 'ä'],
  ['\u00e9', 'e\u0301'],
  ['ß', 'ss'],
  ['1', '01'],
  ['1', '1.0'],
  ['saga\u200b', 'saga'],
];

export function describeNames(subject: StorageUnderTest): void {
  it.each(titled(NAMES))('takes %s for every name, and for itself only', async (_, name) => {
    await subject.register(name);
    await subject.create({ id: 'bystander', name: 'Bystander', worker: 'w9' });
    const plan = [{ step: name, kind: 'compensatable' }] as const;
    const entries = [{ event: 'started', step: name, phase: 'act', attempt: 1 }] as const;
    await subject.create({ id: name, name, planHash: name, worker: name, plan, entries, writeId: name });
    await subject.request({ id: name, sagaId: name, type: 'resolve', step: name, reason: name, by: name });
    await subject.write(name, { worker: name, head: { failedStep: name, error: { name, message: name } } });

    const loaded = await subject.load(name);
    expect(loaded.record).toMatchObject({ id: name, name, planHash: name, worker: name, plan, failedStep: name });
    expect(loaded.entries[0]).toMatchObject({ step: name, worker: name });
    expect(loaded.requests).toEqual([{ id: name, sagaId: name, type: 'resolve', step: name, reason: name, by: name }]);
    expect(await subject.storage.history(name)).toEqual(loaded.entries);

    for (const query of [{ name }, { step: name }, { error: name }]) {
      expect((await subject.storage.find(query)).items).toMatchObject([{ id: name }]);
    }
    expect(await subject.storage.heartbeat({ worker: name, beat: 1, duration: 600_000 })).toMatchObject({
      requested: [name],
    });
    const definitions = [{ name, planHash: name }];
    expect(await subject.claimedIds({ definitions })).toEqual([]);
    expect(await subject.claimedIds({ definitions, goneWorkers: [name], ids: [name] })).toEqual([name]);
    await subject.storage.release(name);
    expect(await subject.storage.workers()).toEqual([]);
    expect((await subject.load('bystander')).record.version).toBe(1);
  });

  it.each(titled(['x'.repeat(1000), '🧀'.repeat(1000), 'a\u0000b', '\ud800']))(
    'takes %s for an id, or refuses it and stores nothing',
    async (_, id) => {
      try {
        await subject.create({ id });
      } catch (error) {
        expect(error).toMatchObject({ code: 'SAGA_STORAGE_REJECTED' });
        expect((await subject.storage.find({})).items).toEqual([]);
        return;
      }
      expect((await subject.load(id)).record.id).toBe(id);
      expect((await subject.storage.find({})).items).toMatchObject([{ id }]);
      expect(await subject.storage.load(id.slice(0, -1))).toBeUndefined();
    },
  );

  describe('keeps apart', () => {
    it.each(LOOKALIKES)('%j and %j', async (one, other) => {
      await subject.create({ id: one, name: one, worker: one, context: 'one' });
      expect(await subject.create({ id: other, name: other, worker: other, context: 'other' })).toMatchObject({
        outcome: 'created',
      });
      expect((await subject.load(one)).record.context).toBe('one');
      expect((await subject.load(other)).record.context).toBe('other');
      expect((await subject.storage.find({ name: one })).items).toMatchObject([{ id: one }]);
      await subject.register(one);
      const definitions = [one, other].map((name) => ({ name, planHash: 'hash-1' }));
      expect(await subject.claimedIds({ definitions })).toEqual([other]);
    });
  });
}
