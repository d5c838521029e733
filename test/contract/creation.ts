import { expect, it } from '@jest/globals';
import { times, type StorageUnderTest } from './storage-under-test.js';

export function describeCreation(subject: StorageUnderTest): void {
  it('stores a saga and gives it back whole', async () => {
    const saga = subject.newSaga({ definitionVersion: 3, context: { orderId: 'o-1', items: ['book'], paid: false } });
    const result = await subject.storage.create(saga);
    const { record, entries, writeId, requests, snapshot, unreadable, now } = await subject.load();

    expect(result).toEqual({ outcome: 'created', at: record.createdAt });
    expect(record).toEqual({
      id: 'saga-1',
      name: 'OrderSaga',
      definitionVersion: 3,
      plan: saga.plan,
      planHash: 'hash-1',
      status: 'RUNNING',
      worker: 'w1',
      context: saga.context,
      version: 1,
      seq: 2,
      createdAt: record.createdAt,
      updatedAt: record.createdAt,
    });
    expect(entries).toEqual([
      { seq: 1, at: record.createdAt, worker: 'w1', event: 'created' },
      { seq: 2, at: record.createdAt, worker: 'w1', event: 'started', step: 'reserve', phase: 'act', attempt: 1 },
    ]);
    expect({ writeId, requests, snapshot, unreadable }).toEqual({ writeId: saga.writeId, requests: [] });
    expect(now.getTime()).toBeGreaterThanOrEqual(record.createdAt.getTime());
  });

  it('stores a queued saga without a worker', async () => {
    await subject.create({ status: 'PENDING', worker: undefined, entries: [{ event: 'created', deadline: 5000 }] });
    const { record, entries } = await subject.load();
    expect(record).toMatchObject({ status: 'PENDING', version: 1, seq: 1 });
    expect(record.worker).toBeUndefined();
    expect(entries).toEqual([{ seq: 1, at: record.createdAt, event: 'created', deadline: 5000 }]);
  });

  it('stores a saga that is complete from the start, and nobody claims it', async () => {
    const entries = [{ event: 'created' }, { event: 'completed' }] as const;
    await subject.create({ status: 'COMPLETED', worker: undefined, plan: [], entries });
    expect((await subject.load()).record).toMatchObject({ status: 'COMPLETED', plan: [], seq: 2 });
    expect(await subject.claimedIds({ ids: ['saga-1'] })).toEqual([]);
  });

  it('keeps a nested plan as it was', async () => {
    const backup = {
      fallback: [
        { step: 'b', kind: 'compensatable' },
        { step: 'c', kind: 'readonly' },
      ],
    } as const;
    const plan = [{ fallback: [{ step: 'a', kind: 'compensatable' }, backup] }] as const;
    await subject.create({ plan });
    expect((await subject.load()).record.plan).toEqual(plan);
  });

  it('refuses an id that is taken, and changes nothing', async () => {
    await subject.create();
    const before = await subject.load();
    const result = await subject.create({ name: 'OtherSaga', status: 'PENDING', context: 'other', worker: 'w2' });
    expect(result).toEqual({ outcome: 'exists', name: 'OrderSaga' });
    expect(await subject.load()).toEqual({ ...before, now: expect.any(Date) });
    expect(await subject.storage.history('saga-1')).toHaveLength(2);
  });

  it('refuses the id of a saga that has gone on', async () => {
    await subject.create();
    await subject.write('saga-1', { head: { status: 'COMPLETED', worker: null }, context: { done: true } });
    expect(await subject.create()).toEqual({ outcome: 'exists', name: 'OrderSaga' });
    expect((await subject.load()).record).toMatchObject({ status: 'COMPLETED', version: 2, context: { done: true } });
  });

  it('tells a creator whose answer was lost that the saga is its own', async () => {
    const saga = subject.newSaga();
    await subject.storage.create(saga);
    expect(await subject.storage.create(saga)).toEqual({ outcome: 'exists', name: 'OrderSaga' });
    expect((await subject.load()).writeId).toBe(saga.writeId);
  });

  it('creates exactly one saga of fifty with one id', async () => {
    const peer = await subject.peer();
    const sagas = times(50, (index) => subject.newSaga({ worker: `w${index}`, context: index }));
    const results = await Promise.all(
      sagas.map((saga, index) => (index % 2 === 0 ? subject.storage : peer).create(saga)),
    );

    const created = results.flatMap(({ outcome }, index) => (outcome === 'created' ? [index] : []));
    expect(created).toHaveLength(1);
    const { record, entries, writeId } = await subject.load();
    const [winner = -1] = created;
    expect(record).toMatchObject({ worker: `w${winner}`, context: winner, version: 1, seq: 2 });
    expect(writeId).toBe(sagas[winner]?.writeId);
    expect(entries.map(({ worker }) => worker)).toEqual([`w${winner}`, `w${winner}`]);
  });

  it('creates fifty sagas at once', async () => {
    const results = await Promise.all(times(50, (index) => subject.create({ id: `saga-${index}`, context: index })));
    expect(results.map(({ outcome }) => outcome)).toEqual(times(50, () => 'created'));
    const loaded = await Promise.all(times(50, (index) => subject.load(`saga-${index}`)));
    expect(loaded.map(({ record }) => record.context)).toEqual(times(50, (index) => index));
  });

  it('shows a new saga to other processes at once', async () => {
    const peer = await subject.peer();
    await subject.create();
    expect(await peer.load('saga-1')).toEqual({ ...(await subject.load()), now: expect.any(Date) });
  });

  it('knows no saga that nobody created', async () => {
    await subject.create();
    expect(await subject.storage.load('saga-2')).toBeUndefined();
  });
}
