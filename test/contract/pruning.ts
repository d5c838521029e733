import { expect, it } from '@jest/globals';
import type { PruneQuery } from 'nest-saga';
import { times, type StorageUnderTest } from './storage-under-test.js';

const DAY = 86_400_000;

export function describePruning(subject: StorageUnderTest): void {
  const left = async (): Promise<string[]> => (await subject.storage.find({})).items.map(({ id }) => id).toSorted();

  const finish = (id: string, status: 'COMPLETED' | 'FAILED' = 'COMPLETED'): Promise<void> =>
    subject.createWith({ status, worker: null }, { id });

  it.each(['PENDING', 'RUNNING', 'COMPENSATING', 'COMPENSATION_FAILED'] as const)(
    'never deletes a %s saga, however old and parked it is',
    async (status) => {
      await subject.createWith({ status, worker: null, heldReason: { code: 'unreadable', message: 'm' } });
      await subject.advance(365 * DAY);
      expect(await subject.storage.prune({ olderThan: 0 })).toBe(0);
      expect(await left()).toEqual(['saga-1']);
      expect(await subject.storage.history('saga-1')).toHaveLength(3);
    },
  );

  it('never deletes an unfinished saga, even when it is told to', async () => {
    await subject.create();
    await subject.advance(DAY);
    const query = { olderThan: 0, status: ['RUNNING', 'COMPLETED'] } as unknown as PruneQuery;
    expect(await subject.storage.prune(query)).toBe(0);
    expect(await left()).toEqual(['saga-1']);
  });

  it('deletes completed and failed sagas, with their logs', async () => {
    await finish('completed', 'COMPLETED');
    await finish('failed', 'FAILED');
    await subject.create({ id: 'running' });
    await subject.advance(DAY);
    expect(await subject.storage.prune({ olderThan: 1000 })).toBe(2);
    expect(await left()).toEqual(['running']);
    for (const id of ['completed', 'failed']) {
      expect(await subject.storage.load(id)).toBeUndefined();
      expect(await subject.storage.history(id)).toEqual([]);
    }
    expect(await subject.storage.history('running')).toHaveLength(2);
    expect(await subject.storage.prune({ olderThan: 1000 })).toBe(0);
  });

  it('deletes only what finished long enough ago, however long ago it began', async () => {
    await finish('early');
    await subject.create({ id: 'late' });
    await subject.advance(10 * DAY);
    await subject.write('late', { head: { status: 'COMPLETED' } });
    await subject.advance(DAY);
    expect(await subject.storage.prune({ olderThan: 20 * DAY })).toBe(0);
    expect(await subject.storage.prune({ olderThan: 5 * DAY })).toBe(1);
    expect(await left()).toEqual(['late']);
    await subject.advance(5 * DAY);
    expect(await subject.storage.prune({ olderThan: 5 * DAY })).toBe(1);
    expect(await left()).toEqual([]);
  });

  it('deletes only the statuses that are asked for', async () => {
    await finish('completed', 'COMPLETED');
    await finish('failed', 'FAILED');
    await subject.advance(DAY);
    expect(await subject.storage.prune({ olderThan: 0, status: [] })).toBe(0);
    expect(await subject.storage.prune({ olderThan: 0, status: 'COMPLETED' })).toBe(1);
    expect(await left()).toEqual(['failed']);
    expect(await subject.storage.prune({ olderThan: 0, status: ['COMPLETED', 'FAILED'] })).toBe(1);
  });

  it('deletes no more at a time than it was told', async () => {
    await Promise.all(times(10, (index) => finish(`saga-${index}`)));
    await subject.advance(DAY);
    expect(await subject.storage.prune({ olderThan: 0, limit: 4 })).toBe(4);
    expect(await left()).toHaveLength(6);
    expect(await subject.storage.prune({ olderThan: 0, limit: 100 })).toBe(6);
  });

  it('deletes those of all names', async () => {
    const names = ['OrderSaga', 'RefundSaga', 'A', 'z'];
    for (const name of names) await subject.createWith({ status: 'FAILED', worker: null }, { id: name, name });
    await subject.create({ id: 'running', name: 'RefundSaga' });
    await subject.advance(DAY);
    expect(await subject.storage.prune({ olderThan: 1000, limit: 3 })).toBe(3);
    expect(await subject.storage.prune({ olderThan: 1000, limit: 3 })).toBe(1);
    expect(await left()).toEqual(['running']);
  });

  it('leaves nothing of a saga to one that gets its id later', async () => {
    await subject.create({ context: 'old' });
    await subject.request({ id: 'a' });
    await subject.write('saga-1', {
      context: 'older',
      snapshot: 'old',
      head: { status: 'FAILED', failedStep: 'charge' },
    });
    await subject.advance(DAY);
    await subject.storage.prune({ olderThan: 0 });

    expect(await subject.create({ context: 'new' })).toMatchObject({ outcome: 'created' });
    const loaded = await subject.load();
    expect(loaded).toMatchObject({ record: { status: 'RUNNING', context: 'new', version: 1, seq: 2 }, requests: [] });
    expect(loaded.snapshot).toBeUndefined();
    expect(loaded.record.failedStep).toBeUndefined();
    expect(loaded.entries).toHaveLength(2);
  });

  it('deletes each saga once when several prune at once', async () => {
    const peer = await subject.peer();
    await Promise.all(times(20, (index) => finish(`saga-${index}`)));
    await subject.advance(DAY);
    const counts = await Promise.all(
      times(6, (index) => (index % 2 === 0 ? subject.storage : peer).prune({ olderThan: 0, limit: 5 })),
    );
    expect(counts.reduce((sum, count) => sum + count, 0) + (await left()).length).toBe(20);
  });
}
