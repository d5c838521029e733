import { expect, it } from '@jest/globals';
import { times, type StorageUnderTest } from './storage-under-test.js';

/** What a claim does to a saga, and to how many. Which sagas it may take is told in `claim-rules.ts`. */
export function describeClaims(subject: StorageUnderTest): void {
  it('makes the claimer the worker, logs it, and raises the version', async () => {
    await subject.create({ worker: 'w1', context: { a: 1 } });
    const before = await subject.load();
    await subject.advance(1000);
    const [claimed, ...others] = await subject.claim({ worker: 'w2' });

    expect(others).toEqual([]);
    expect(claimed?.record).toMatchObject({ worker: 'w2', status: 'RUNNING', version: 2, seq: 3, context: { a: 1 } });
    expect(claimed?.record.plan).toEqual(before.record.plan);
    expect(claimed?.entries.map(({ seq, event, worker }) => ({ seq, event, worker }))).toEqual([
      { seq: 1, event: 'created', worker: 'w1' },
      { seq: 2, event: 'started', worker: 'w1' },
      { seq: 3, event: 'claimed', worker: 'w2' },
    ]);
    expect(claimed?.entries.at(-1)?.at).toEqual(claimed?.record.updatedAt);
    expect(claimed?.writeId).not.toBe(before.writeId);
  });

  it('gives sagas as they are loaded afterwards', async () => {
    await subject.create();
    await subject.request();
    const claimed = await subject.claim();
    expect(claimed).toEqual([{ ...(await subject.load()), now: expect.any(Date) }]);
  });

  it('keeps everything else that the head says', async () => {
    const error = { name: 'PaymentError', message: 'declined' };
    await subject.createWith({ status: 'COMPENSATING', error, failedStep: 'charge' });
    const [claimed] = await subject.claim();
    expect(claimed?.record).toMatchObject({ status: 'COMPENSATING', error, failedStep: 'charge' });
  });

  it('clears the due time and the reason of being parked', async () => {
    const heldReason = { code: 'attempts-exhausted', message: 'm' } as const;
    await subject.createWith({ heldReason, dueIn: 60_000 });
    const [claimed] = await subject.claim({ ids: ['saga-1'] });
    expect(claimed?.record).toMatchObject({ id: 'saga-1' });
    expect(claimed?.record.heldReason).toBeUndefined();
    expect(claimed?.record.dueAt).toBeUndefined();
    expect((await subject.storage.find({ held: true })).items).toEqual([]);
  });

  it('lets the claimer write next', async () => {
    await subject.create();
    const [claimed] = await subject.claim();
    const result = await subject.storage.transition(subject.next(claimed!, { context: 'mine' }));
    expect(result.outcome).toBe('written');
    expect((await subject.load()).record).toMatchObject({ version: 3, context: 'mine', worker: 'w2' });
  });

  it('says in the log whether somebody asked for the saga', async () => {
    await subject.create({ id: 'asked' });
    await subject.create({ id: 'found' });
    const [asked] = await subject.claim({ ids: ['asked'] });
    const [found] = await subject
      .claim({ worker: 'w3', goneWorkers: ['w2'] })
      .then((sagas) => sagas.filter(({ record }) => record.id === 'found'));
    expect(asked?.entries.at(-1)).toMatchObject({ event: 'claimed', asked: true });
    expect(found?.entries.at(-1)).toMatchObject({ event: 'claimed' });
    expect(found?.entries.at(-1)).not.toHaveProperty('asked');
  });

  it('takes no more than it was told', async () => {
    await Promise.all(times(10, (index) => subject.create({ id: `saga-${index}` })));
    await subject.register('w2');
    expect(await subject.claim({ limit: 3 })).toHaveLength(3);
    expect(await subject.claim({ limit: 100 })).toHaveLength(7);
    expect(await subject.claim({ limit: 100 })).toEqual([]);
  });

  it('takes the oldest due first', async () => {
    for (const [id, dueIn] of [
      ['b', 20_000],
      ['d', 40_000],
      ['a', 10_000],
      ['c', 30_000],
    ] as const) {
      await subject.createWith({ dueIn }, { id });
    }
    await subject.advance(60_000);
    await subject.register('w2');
    expect(await subject.claimedIds({ limit: 2 })).toEqual(['a', 'b']);
    expect(await subject.claimedIds({ limit: 2 })).toEqual(['c', 'd']);
  });

  it('takes a saga whose time has come before what was left since, however much that is', async () => {
    await subject.createWith({ dueIn: 10_000 }, { id: 'due' });
    await subject.createWith({ dueIn: 10_000, worker: null }, { id: 'due, without a worker' });
    await subject.advance(20_000);
    await subject.register('w2');
    const claimed: string[] = [];
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        times(10, (index) => subject.create({ id: `abandoned-${round}-${index}`, worker: `w0-${index}` })),
      );
      claimed.push(...(await subject.claimedIds({ limit: 1 })));
    }
    expect(claimed.slice(0, 2).toSorted()).toEqual(['due', 'due, without a worker']);
  });

  it('takes what was left before what came due or was left since, whatever their ids', async () => {
    await subject.create({ id: 'z' });
    await subject.advance(10_000);
    await subject.register('w2');
    await subject.create({ id: 'x' });
    await subject.advance(10_000);
    await Promise.all(times(10, (index) => subject.create({ id: `a-${index}` })));
    await Promise.all(times(10, (index) => subject.createWith({ dueIn: 0 }, { id: `due-${index}` })));
    expect(await subject.claimedIds({ limit: 1 })).toEqual(['z']);
    expect(await subject.claimedIds({ limit: 1 })).toEqual(['x']);
  });

  it('does not tire of sagas that cannot be claimed in front of one that can', async () => {
    await subject.register('w1');
    await Promise.all(times(20, (index) => subject.create({ id: `live-${index}`, worker: 'w1' })));
    await Promise.all(times(20, (index) => subject.create({ id: `other-${index}`, name: 'OtherSaga', worker: 'w0' })));
    await subject.createWith({ dueIn: 0 }, { id: 'gone', worker: 'w0' });
    expect(await subject.claimedIds({ limit: 1 })).toEqual(['gone']);
  });

  it('gives a saga to exactly one of fifty claims at once', async () => {
    const peer = await subject.peer();
    await subject.create();
    const workers = times(50, (index) => `claimer-${index}`);
    await Promise.all(workers.map((worker) => subject.register(worker)));
    const results = await Promise.all(
      workers.map((worker, index) => subject.claim({ worker }, index % 2 === 0 ? subject.storage : peer)),
    );

    const winners = workers.filter((_, index) => results[index]!.length > 0);
    expect(winners).toHaveLength(1);
    const { record, entries } = await subject.load();
    expect(record).toMatchObject({ worker: winners[0], version: 2, seq: 3 });
    expect(entries.map(({ event }) => event)).toEqual(['created', 'started', 'claimed']);
  });

  it('shares sagas out among claims at once, each to one, and none is left', async () => {
    const peer = await subject.peer();
    const ids = times(30, (index) => `saga-${index}`);
    await Promise.all(ids.map((id) => subject.create({ id })));
    const workers = times(6, (index) => `claimer-${index}`);
    await Promise.all(workers.map((worker) => subject.register(worker)));
    const claim = (limit: number): Promise<string[][]> =>
      Promise.all(
        workers.map((worker, index) => subject.claimedIds({ worker, limit }, index % 2 === 0 ? subject.storage : peer)),
      );

    const shares = await claim(3);
    const rest = await subject.claimedIds({ worker: 'claimer-0' });
    expect([...shares.flat(), ...rest].toSorted()).toEqual(ids.toSorted());
    const versions = await Promise.all(ids.map(async (id) => (await subject.load(id)).record.version));
    expect(versions).toEqual(ids.map(() => 2));
  });
}
