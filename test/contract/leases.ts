import { expect, it } from '@jest/globals';
import { times, type StorageUnderTest } from './storage-under-test.js';

const DURATION = 30_000;

export function describeLeases(subject: StorageUnderTest): void {
  const beat = (worker: string, beat: number) => subject.storage.heartbeat({ worker, beat, duration: DURATION });
  const alive = async (): Promise<string[]> => (await subject.storage.workers()).map(({ id }) => id).toSorted();

  it('registers a worker for as long as it asked', async () => {
    const result = await subject.storage.heartbeat({ worker: 'w1', beat: 0, duration: DURATION, process: 'boot-1/42' });
    expect(result).toEqual({ outcome: 'alive', requested: [] });
    await subject.create();
    const { now } = await subject.load();
    const [worker, ...others] = await subject.storage.workers();
    expect(others).toEqual([]);
    expect(worker).toMatchObject({ id: 'w1', process: 'boot-1/42' });
    const left = worker!.expiresAt.getTime() - now.getTime();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(DURATION);
  });

  it('knows no workers before one has registered', async () => {
    expect(await subject.storage.workers()).toEqual([]);
  });

  it('lets a lease expire', async () => {
    await beat('w1', 0);
    await subject.advance(DURATION * 2);
    expect(await alive()).toEqual([]);
  });

  it('renews a lease from the moment of renewal', async () => {
    await beat('w1', 0);
    await subject.advance(20_000);
    expect(await beat('w1', 1)).toEqual({ outcome: 'alive', requested: [] });
    await subject.advance(20_000);
    expect(await beat('w1', 2)).toEqual({ outcome: 'alive', requested: [] });
    await subject.advance(20_000);
    expect(await alive()).toEqual(['w1']);
    await subject.advance(15_000);
    expect(await alive()).toEqual([]);
  });

  it('keeps a worker by its process when it renews', async () => {
    await subject.storage.heartbeat({ worker: 'w1', beat: 0, duration: DURATION, process: 'boot-1/42' });
    await beat('w1', 1);
    expect(await subject.storage.workers()).toMatchObject([{ id: 'w1', process: 'boot-1/42' }]);
  });

  it('never renews a lease that has expired', async () => {
    await beat('w1', 0);
    await subject.advance(DURATION * 2);
    expect(await beat('w1', 1)).toEqual({ outcome: 'expired' });
    expect(await beat('w1', 2)).toEqual({ outcome: 'expired' });
    expect(await alive()).toEqual([]);
  });

  it('never renews a lease that was given up', async () => {
    await beat('w1', 0);
    await subject.storage.release('w1');
    expect(await alive()).toEqual([]);
    expect(await beat('w1', 1)).toEqual({ outcome: 'expired' });
    expect(await alive()).toEqual([]);
  });

  it('renews nothing for a worker that never registered', async () => {
    expect(await beat('w1', 1)).toEqual({ outcome: 'expired' });
    expect(await alive()).toEqual([]);
  });

  it('takes a registration again whose answer was lost', async () => {
    await beat('w1', 0);
    expect(await beat('w1', 0)).toEqual({ outcome: 'alive', requested: [] });
    expect(await alive()).toEqual(['w1']);
  });

  it('keeps the leases of workers apart', async () => {
    await beat('w1', 0);
    await beat('w2', 0);
    await beat('w3', 0);
    await subject.advance(20_000);
    await beat('w2', 1);
    await subject.storage.release('w3');
    expect(await alive()).toEqual(['w1', 'w2']);
    await subject.advance(20_000);
    expect(await alive()).toEqual(['w2']);
  });

  it('ignores the release of a worker that it does not know', async () => {
    await beat('w1', 0);
    await subject.storage.release('nobody');
    await subject.storage.release('nobody');
    expect(await alive()).toEqual(['w1']);
  });

  it('registers fifty workers at once', async () => {
    const workers = times(50, (index) => `worker-${index}`);
    const results = await Promise.all(workers.map((worker) => beat(worker, 0)));
    expect(results).toEqual(workers.map(() => ({ outcome: 'alive', requested: [] })));
    expect(await alive()).toEqual(workers.toSorted());
  });

  it('shows leases to other processes', async () => {
    const peer = await subject.peer();
    await beat('w1', 0);
    expect(await peer.workers()).toMatchObject([{ id: 'w1' }]);
    await peer.release('w1');
    expect(await beat('w1', 1)).toEqual({ outcome: 'expired' });
  });

  it('does not bring back the sagas of a worker that renews too late', async () => {
    await beat('w1', 0);
    await subject.create({ worker: 'w1' });
    await subject.advance(DURATION * 2);
    await beat('w1', 1);
    expect(await subject.claimedIds()).toEqual(['saga-1']);
  });
}
