import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from 'nest-saga';
import { times, type StorageUnderTest } from '../contract/storage-under-test.js';

/** A database of a test's own, as the harnesses of the SQL servers have it. */
export interface OwnDatabase {
  subject(): Promise<StorageUnderTest>;
  query(sql: string): Promise<unknown>;
}

/** What no server takes harms nobody else; `violation` is what its driver's error says of a value that a CHECK forbids. */
export function describeRefusedValues(
  database: () => OwnDatabase,
  { violation }: { readonly violation: object },
): void {
  describe('a value that the server refuses', () => {
    it('is rejected alone, and takes none of its batch along', async () => {
      const subject = await database().subject();
      await database().query(`ALTER TABLE saga_log ADD CHECK (saga_id NOT LIKE 'dear-%')`);
      const ids = times(20, (index) => (index % 7 === 3 ? `dear-${index}` : `cheap-${index}`));
      const results = await Promise.allSettled(ids.map((id) => subject.create({ id })));
      for (const [i, result] of results.entries()) {
        if (ids[i]!.startsWith('cheap')) expect(result).toMatchObject({ value: { outcome: 'created' } });
        else expect(result).toMatchObject({ reason: { code: 'SAGA_STORAGE_REJECTED', cause: violation } });
      }
      const stored = (await subject.storage.find({ limit: 100 })).items.map(({ id }) => id);
      expect(stored.toSorted()).toEqual(ids.filter((id) => id.startsWith('cheap')).toSorted());
    });

    it.each<[what: string, value: unknown]>([
      ['a big integer', 1n],
      ['a function', () => 1],
      ['a symbol', Symbol('s')],
    ])('is rejected alone when it is %s, which is no JSON', async (_, value) => {
      const subject = await database().subject();
      const [odd, ...others] = await Promise.allSettled([
        subject.create({ id: 'odd', context: value as JsonValue }),
        ...times(10, (index) => subject.create({ id: `good-${index}` })),
      ]);
      expect(odd).toMatchObject({ reason: { code: 'SAGA_STORAGE_REJECTED' } });
      expect(others).toMatchObject(times(10, () => ({ value: { outcome: 'created' } })));
      expect(await subject.storage.load('odd')).toBeUndefined();
    });

    it('is rejected when it is no number that a column takes', async () => {
      const subject = await database().subject();
      for (const definitionVersion of [NaN, 1.5, 2 ** 31, true, {}, '1x']) {
        await expect(subject.create({ definitionVersion: definitionVersion as number })).rejects.toMatchObject({
          code: 'SAGA_STORAGE_REJECTED',
        });
      }
      await subject.create();
      await expect(subject.write('saga-1', { head: { dueIn: 1e300 } })).rejects.toMatchObject({
        code: 'SAGA_STORAGE_REJECTED',
      });
    });

    it('is looked for by nobody: such a name has never been stored', async () => {
      const subject = await database().subject();
      await subject.create({ id: '\ufffd' });
      for (const name of ['a\u0000b', '\ud800']) {
        expect(await subject.storage.load(name)).toBeUndefined();
        expect(await subject.storage.history(name)).toEqual([]);
        expect(await subject.request({ sagaId: name })).toBe('unknown-saga');
        expect(await subject.claimedIds({ ids: [name] })).toEqual([]);
        for (const query of [{ name }, { step: name }, { error: name }]) {
          expect(await subject.storage.find(query)).toEqual({ items: [] });
        }
      }
    });

    it('does not keep errors from being searched', async () => {
      const subject = await database().subject();
      await subject.createWith({ error: { name: 'E', message: 'declined\u0000 by \ud800 bank' } });
      expect((await subject.storage.find({ error: 'declined' })).items).toMatchObject([
        { error: { message: 'declined\u0000 by \ud800 bank' } },
      ]);
    });
  });
}
