import { describe, expect, it } from '@jest/globals';
import { times, type StorageUnderTest } from './storage-under-test.js';

/** A saga whose rows are damaged, or come from a later release, harms nobody and is never lost. */
export function describeUnreadable(subject: StorageUnderTest): void {
  describe.each(['damaged', 'newer'] as const)('when the last row is %s', (how) => {
    const damage = async (id = 'saga-1'): Promise<void> => {
      await subject.create({ id });
      await subject.write(id, { context: { a: 1 } });
      await subject.corrupt(id, how);
    };

    it('loads a saga as unreadable, with what its head says', async () => {
      await damage();
      const loaded = await subject.load();
      expect(loaded.unreadable).toMatch(/\w/);
      expect(loaded.entries).toEqual([]);
      expect(loaded.snapshot).toBeUndefined();
      expect(loaded.record).toMatchObject({
        id: 'saga-1',
        name: 'OrderSaga',
        planHash: 'hash-1',
        status: 'RUNNING',
        worker: 'w1',
        version: 2,
        seq: 3,
        plan: [],
        context: null,
      });
    });

    it('still finds it', async () => {
      await damage();
      expect((await subject.storage.find({ status: 'RUNNING' })).items).toMatchObject([{ id: 'saga-1', worker: 'w1' }]);
    });

    it('gives it to a claim as unreadable, and every other saga as usual', async () => {
      await damage('bad');
      const ids = times(5, (index) => `good-${index}`);
      await Promise.all(ids.map((id) => subject.create({ id })));
      const claimed = await subject.claim();
      expect(claimed.map(({ record }) => record.id).toSorted()).toEqual(['bad', ...ids]);
      for (const { record, unreadable, entries } of claimed) {
        expect(record.worker).toBe('w2');
        expect(unreadable === undefined).toBe(record.id !== 'bad');
        expect(entries.length).toBe(record.id === 'bad' ? 0 : 3);
      }
    });

    it('can be parked by its claimer, and is claimed no more until somebody asks', async () => {
      await damage();
      const [claimed] = await subject.claim();
      const heldReason = { code: 'unreadable', message: claimed!.unreadable! } as const;
      const park = subject.next(claimed!, {
        entries: [{ event: 'held', held: heldReason }],
        head: { heldReason, worker: null },
      });
      expect(await subject.storage.transition(park)).toMatchObject({ outcome: 'written' });
      expect((await subject.storage.find({ held: 'unreadable' })).items).toMatchObject([{ id: 'saga-1', heldReason }]);
      expect((await subject.load()).unreadable).toBeDefined();
      expect(await subject.claimedIds()).toEqual([]);
      expect(await subject.claimedIds({ ids: ['saga-1'] })).toEqual(['saga-1']);
    });

    it('comes with its open requests', async () => {
      await damage();
      expect(await subject.request()).toBe('stored');
      expect(await subject.load()).toMatchObject({ requests: [{ id: 'request-1' }] });
    });

    it('is still fenced', async () => {
      await damage();
      const read = await subject.load();
      await subject.claim();
      expect(await subject.storage.transition(subject.next(read))).toEqual({ outcome: 'conflict' });
    });

    it('is never taken for a new saga of its id', async () => {
      await damage();
      expect(await subject.create()).toEqual({ outcome: 'exists', name: 'OrderSaga' });
    });
  });
}
