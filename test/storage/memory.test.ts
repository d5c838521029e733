import { describe, expect, it } from '@jest/globals';
import { InMemorySagaStorage } from 'nest-saga';
import { describeSagaStorage } from '../contract/describe-saga-storage.js';
import { memoryHarness } from '../harness/memory.js';

describeSagaStorage('InMemorySagaStorage', memoryHarness);

describe('InMemorySagaStorage by itself', () => {
  const saga = {
    id: 'saga-1',
    name: 'OrderSaga',
    definitionVersion: 1,
    plan: [],
    planHash: 'hash-1',
    status: 'RUNNING',
    worker: 'w1',
    context: null,
    entries: [{ event: 'created' }],
    writeId: 'write-1',
  } as const;

  it('takes every time from the clock that it was given', async () => {
    let now = Date.UTC(2024, 0, 1);
    const storage = new InMemorySagaStorage({ now: () => now });
    await storage.heartbeat({ worker: 'w1', beat: 0, duration: 1000 });
    await storage.create(saga);
    expect(await storage.workers()).toEqual([{ id: 'w1', expiresAt: new Date(now + 1000) }]);
    expect(await storage.load('saga-1')).toMatchObject({ now: new Date(now), record: { createdAt: new Date(now) } });
    now += 1000;
    expect(await storage.workers()).toEqual([]);
    expect(await storage.claim({ worker: 'w2', limit: 1, definitions: [saga] })).toMatchObject([
      { now: new Date(now), record: { updatedAt: new Date(now) }, entries: [{ seq: 1 }, { at: new Date(now) }] },
    ]);
  });

  it('keeps what is stored when it is closed and opened again', async () => {
    const storage = new InMemorySagaStorage();
    await storage.open();
    await storage.create(saga);
    await storage.close();
    await storage.open();
    expect(await storage.load('saga-1')).toMatchObject({ record: { id: 'saga-1' } });
  });

  it('shares nothing with another one', async () => {
    await new InMemorySagaStorage().create(saga);
    expect(await new InMemorySagaStorage().load('saga-1')).toBeUndefined();
  });

  it('leaves no timer behind that would keep the process alive', async () => {
    const timers = (): string[] => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout');
    const before = timers();
    const storage = new InMemorySagaStorage();
    await storage.open();
    await storage.heartbeat({ worker: 'w1', beat: 0, duration: 1000 });
    await storage.create(saga);
    await storage.claim({ worker: 'w2', limit: 1, definitions: [saga] });
    expect(timers()).toEqual(before);
  });
});
