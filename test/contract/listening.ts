import { expect, it } from '@jest/globals';
import type { HintTopic, SagaStorage } from 'nest-saga';
import { times, type StorageUnderTest } from './storage-under-test.js';

/** For storages whose peers can be heard. A hint may come late or twice, or name nobody, so the tests wait for one and count none. */
export function describeListening(subject: StorageUnderTest): void {
  const listen = async (topic: HintTopic): Promise<Ear> => {
    const ear = new Ear();
    const stop = await subject.storage.listen(topic, ear.hear);
    if (stop === undefined) throw new Error('The storage does not listen, and its harness says that it does.');
    ear.stop = stop;
    return ear;
  };

  /** What the storage tells of its own writes, and of those before it listened, is out of the way. */
  const listenToPeer = async (topic: HintTopic): Promise<{ readonly ear: Ear; readonly peer: SagaStorage }> => {
    const peer = await subject.peer();
    const ear = await listen(topic);
    await subject.create({ id: 'before', status: 'PENDING', worker: undefined }, peer);
    await ear.heard('before');
    ear.forget();
    return { ear, peer };
  };

  it('tells of sagas that a peer creates', async () => {
    const { ear, peer } = await listenToPeer('written');
    await subject.create({ id: 'käse 🧀 "\\', worker: 'w1' }, peer);
    await ear.heard('käse 🧀 "\\');
    await ear.stop();
  });

  it('tells of transitions', async () => {
    const { ear, peer } = await listenToPeer('written');
    await subject.create();
    ear.forget();
    await peer.transition(subject.next(await subject.load()));
    await ear.heard('saga-1');
    await ear.stop();
  });

  it('tells of transitions in transactions that are shared', async () => {
    if (!subject.storage.capabilities.transactions) return;
    const { ear, peer } = await listenToPeer('written');
    await subject.create();
    ear.forget();
    const next = subject.next(await subject.load());
    await peer.transaction(({ transition }) => transition(next));
    await ear.heard('saga-1');
    await ear.stop();
  });

  it('tells of claims', async () => {
    await subject.create();
    const { ear, peer } = await listenToPeer('written');
    await subject.claim({ ids: ['saga-1'] }, peer);
    await ear.heard('saga-1');
    await ear.stop();
  });

  it('tells of all of many sagas', async () => {
    const { ear, peer } = await listenToPeer('written');
    const ids = times(300, (i) => `${i} `.padEnd(200, 'ä'));
    await Promise.all(ids.map((id) => subject.create({ id }, peer)));
    await Promise.all(ids.map((id) => ear.heard(id)));
    await ear.stop();
  });

  it("tells workers of an operator's request", async () => {
    await subject.create();
    const { ear, peer } = await listenToPeer('wanted');
    await subject.request({}, peer);
    await ear.heard('saga-1');
    await ear.stop();
  });

  it('tells workers of sagas that wait for one', async () => {
    const { ear, peer } = await listenToPeer('wanted');
    await subject.create({ status: 'PENDING', worker: undefined }, peer);
    await ear.heard('saga-1');
    await ear.stop();
  });

  it('tells workers that one has given up its lease', async () => {
    await subject.register('w1');
    await subject.create();
    const { ear, peer } = await listenToPeer('wanted');
    await peer.release('w1');
    await ear.heard('saga-1');
    await ear.stop();
  });

  it('tells everybody who listens, until each stops', async () => {
    const { ear: first, peer } = await listenToPeer('written');
    const second = await listen('written');
    const third = await listen('written');
    await first.stop();
    first.forget();
    await subject.create({ id: 'one' }, peer);
    await Promise.all([second.heard('one'), third.heard('one')]);
    await second.stop();
    await third.stop();
    await third.stop();
    expect(first.hints).toEqual([]);
  });

  it('can be listened to again', async () => {
    const { ear, peer } = await listenToPeer('written');
    await ear.stop();
    const again = await listen('written');
    await subject.create({}, peer);
    await again.heard('saga-1');
    await again.stop();
  });

  it('harms neither writers nor other listeners by a listener that throws', async () => {
    const stopDeaf = await subject.storage.listen('written', () => {
      throw new Error('a listener that throws');
    });
    const { ear, peer } = await listenToPeer('written');
    expect(await subject.create({}, peer)).toMatchObject({ outcome: 'created' });
    await ear.heard('saga-1');
    expect(await subject.create({ id: 'saga-2' })).toMatchObject({ outcome: 'created' });
    await stopDeaf?.();
    await ear.stop();
  });

  it('comes back by itself when its connection is lost, and says that it may be any saga', async () => {
    const { ear, peer } = await listenToPeer('written');
    const both = await listen('wanted');
    for (const round of ['first', 'second']) {
      await subject.cutListeners();
      await subject.create({ id: round, status: 'PENDING', worker: undefined }, peer);
      await Promise.all([ear.heard(round), both.heard(round)]);
      for (let i = 1; !ear.hasNamed(`${round} ${i - 1}`) || !both.hasNamed(`${round} ${i - 1}`); i++) {
        await subject.create({ id: `${round} ${i}`, status: 'PENDING', worker: undefined }, peer);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    await ear.stop();
    await both.stop();
  });

  it('stops listening when it is closed', async () => {
    const peer = await subject.peer();
    const ear = new Ear();
    const stop = await peer.listen('written', ear.hear);
    await peer.close();
    await stop?.();
  });
}

/** For storages that cannot tell. */
export function describeNoListening(subject: StorageUnderTest): void {
  it.each(['written', 'wanted'] as const)('says that it cannot tell what is %s', async (topic) => {
    expect(await subject.storage.listen(topic, () => undefined)).toBeUndefined();
  });
}

/** Somebody who listens, and can wait for what is told. */
class Ear {
  stop: () => Promise<void> = () => Promise.resolve();
  hints: (readonly string[])[] = [];
  private readonly waiting = new Set<() => void>();

  readonly hear = (sagaIds: readonly string[]): void => {
    this.hints.push(sagaIds);
    for (const look of this.waiting) look();
  };

  /** Resolves once a hint has told of this saga, or of any. */
  heard(id: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.hints.some((ids) => ids.length === 0 || ids.includes(id))) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }

  hasNamed(id: string): boolean {
    return this.hints.some((ids) => ids.includes(id));
  }

  forget(): void {
    this.hints = [];
  }
}
