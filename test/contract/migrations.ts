import { describe, expect, it } from '@jest/globals';
import type { EarlierVersion } from './storage-harness.js';
import { times, useStorage, type StorageUnderTest } from './storage-under-test.js';

/** What opening a storage does to what is there. */
export function describeOpening(subject: StorageUnderTest): void {
  it('keeps everything when another process opens it', async () => {
    await subject.create();
    await subject.register('w1');
    const before = await subject.load();
    const peers = await Promise.all(times(5, () => subject.peer()));
    for (const storage of [...peers, subject.storage]) {
      expect(await storage.load('saga-1')).toEqual({ ...before, now: expect.any(Date) });
      expect(await storage.workers()).toMatchObject([{ id: 'w1' }]);
    }
  });

  it('lets every process write', async () => {
    const peers = await Promise.all(times(4, () => subject.peer()));
    const results = await Promise.all(
      peers.flatMap((peer, number) => times(5, (index) => subject.create({ id: `saga-${number}-${index}` }, peer))),
    );
    expect(results.map(({ outcome }) => outcome)).toEqual(times(20, () => 'created'));
    expect((await subject.storage.find({})).items).toHaveLength(20);
  });
}

/** Sagas that an earlier release left behind live on. */
export function describeMigrations(versions: readonly EarlierVersion[]): void {
  describe.each(versions.map((version) => [version.name, version] as const))('from %s', (_, version) => {
    const subject = useStorage({ create: () => version.open() });

    it('reads the sagas that it left', async () => {
      const { record, entries, unreadable } = await subject.load('old-running');
      expect(unreadable).toBeUndefined();
      expect(record).toMatchObject({
        name: 'OrderSaga',
        planHash: 'hash-1',
        status: 'RUNNING',
        version: 2,
        context: { orderId: 'o-1', text: 'käse 🧀' },
      });
      expect(entries.map(({ event }) => event)).toEqual(['created', 'started', 'completed', 'started']);
      expect(entries[2]).toMatchObject({ step: 'reserve', result: { reservation: 'r-1' } });
      expect((await subject.load('old-completed')).record.status).toBe('COMPLETED');
    });

    it('claims them and goes on with them', async () => {
      const [claimed, ...others] = await subject.claim();
      expect(others).toEqual([]);
      expect(claimed?.record).toMatchObject({ id: 'old-running', version: 3, worker: 'w2' });
      const finish = subject.next(claimed!, { context: 'done', head: { status: 'COMPLETED', worker: null } });
      expect(await subject.storage.transition(finish)).toMatchObject({ outcome: 'written' });
      expect(await subject.storage.history('old-running')).toHaveLength(6);
    });

    it('finds and prunes them', async () => {
      expect((await subject.storage.find({ name: 'OrderSaga' })).items).toHaveLength(2);
      await subject.advance(1000);
      expect(await subject.storage.prune({ olderThan: 0 })).toBe(1);
      expect((await subject.storage.find({})).items).toMatchObject([{ id: 'old-running' }]);
    });

    it('stores new sagas beside them', async () => {
      expect(await subject.create({ id: 'old-running' })).toEqual({ outcome: 'exists', name: 'OrderSaga' });
      expect(await subject.create({ id: 'new' })).toMatchObject({ outcome: 'created' });
      await subject.write('new', { context: 'written' });
      expect((await subject.load('new')).record).toMatchObject({ version: 2, context: 'written' });
    });

    it('keeps them when several processes open it', async () => {
      const peers = await Promise.all(times(3, () => subject.peer()));
      for (const peer of peers) expect(await peer.load('old-running')).toMatchObject({ record: { version: 2 } });
    });
  });
}
