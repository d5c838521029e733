import { expect, it } from '@jest/globals';
import type { LoadedSaga, SagaTransition } from 'nest-saga';
import { times, type StorageUnderTest } from './storage-under-test.js';

/** Everything that a write can change. */
const WHOLE_WRITE: Partial<SagaTransition> = {
  entries: [{ event: 'cancelled', request: 'request-1' }, { event: 'completed' }],
  context: 'changed',
  snapshot: { folded: true },
  head: { status: 'COMPLETED', worker: null, dueIn: 1000, error: { name: 'E', message: 'm' }, failedStep: 'charge' },
};

export function describeFencing(subject: StorageUnderTest): void {
  it('refuses a write at a version that is taken, and nothing changes', async () => {
    await subject.create();
    await subject.request({ id: 'request-1' });
    const read = await subject.load();
    await subject.storage.transition(subject.next(read));
    await expectRefused(subject, read);
  });

  it('refuses a write that leaves a gap, and nothing changes', async () => {
    await subject.create();
    await subject.request({ id: 'request-1' });
    const read = await subject.load();
    const ahead = { ...read, record: { ...read.record, version: read.record.version + 1 } };
    await expectRefused(subject, ahead);
  });

  it('refuses a write to a saga that nobody created, and creates none', async () => {
    await subject.create();
    const read = await subject.load();
    const result = await subject.storage.transition(subject.next(read, { id: 'saga-2' }));
    expect(result).toEqual({ outcome: 'conflict' });
    expect(await subject.storage.load('saga-2')).toBeUndefined();
    expect(await subject.storage.history('saga-2')).toEqual([]);
  });

  it('refuses a late write to a saga that was pruned, and to the one that has its id now', async () => {
    await subject.create();
    for (let write = 0; write < 3; write++) await subject.write('saga-1');
    const late = subject.next(await subject.load());
    await subject.write('saga-1', { head: { status: 'COMPLETED', worker: null } });
    await subject.advance(1000);
    await subject.storage.prune({ olderThan: 10 });
    expect(await subject.storage.transition(late)).toEqual({ outcome: 'conflict' });
    expect(await subject.storage.history('saga-1')).toEqual([]);

    await subject.create({ context: 'anew' });
    expect(await subject.storage.transition(late)).toEqual({ outcome: 'conflict' });
    expect((await subject.load()).record).toMatchObject({ context: 'anew', version: 1 });
  });

  it('lets exactly one of fifty writers of a version win, with all that it wrote', async () => {
    const peer = await subject.peer();
    await subject.create();
    const read = await subject.load();
    const writes = times(50, (index) =>
      subject.next(read, { worker: `w${index}`, context: index, head: { failedStep: `step-${index}` } }),
    );
    const results = await Promise.all(
      writes.map((write, index) => (index % 2 === 0 ? subject.storage : peer).transition(write)),
    );

    const written = results.flatMap(({ outcome }, index) => (outcome === 'written' ? [index] : []));
    expect(written).toHaveLength(1);
    expect(results.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(49);
    const [winner = -1] = written;
    const { record, entries, writeId } = await subject.load();
    expect(record).toMatchObject({ version: 2, seq: 3, context: winner, failedStep: `step-${winner}` });
    expect(entries.map(({ worker }) => worker)).toEqual(['w1', 'w1', `w${winner}`]);
    expect(writeId).toBe(writes[winner]?.writeId);
  });

  it('fences out a worker whose saga was claimed between its read and its write', async () => {
    await subject.create({ worker: 'w1' });
    await subject.request({ id: 'request-1' });
    const read = await subject.load();
    await subject.claim({ worker: 'w2' });
    await expectRefused(subject, read);
    expect((await subject.load()).record).toMatchObject({ worker: 'w2', version: 2 });
  });

  it('puts a write and a claim that race into one order, and loses neither', async () => {
    const peer = await subject.peer();
    await subject.register('w2');
    const ids = times(25, (index) => `saga-${index}`);
    await Promise.all(ids.map((id) => subject.create({ id, worker: 'w1' })));
    const reads = await Promise.all(ids.map((id) => subject.load(id)));

    const results = await Promise.all(
      reads.map((read) =>
        Promise.all([
          subject.storage.transition(subject.next(read, { context: 'written' })),
          subject.claim({ ids: [read.record.id] }, peer),
        ]),
      ),
    );

    for (const [index, [write, claim]] of results.entries()) {
      const { record, entries } = await subject.load(ids[index]);
      const won = write.outcome === 'written';
      expect(claim).toHaveLength(1);
      expect(record).toMatchObject({
        worker: 'w2',
        version: won ? 3 : 2,
        context: won ? 'written' : { orderId: 'o-1' },
      });
      expect(entries.map(({ seq, event }) => `${seq} ${event}`)).toEqual(
        won ? ['1 created', '2 started', '3 completed', '4 claimed'] : ['1 created', '2 started', '3 claimed'],
      );
    }
  });

  it('tells a writer whose answer was lost that the row is its own', async () => {
    await subject.create();
    const write = subject.next(await subject.load());
    await subject.storage.transition(write);
    expect(await subject.storage.transition(write)).toEqual({ outcome: 'conflict' });
    expect((await subject.load()).writeId).toBe(write.writeId);
    expect((await subject.load()).record.version).toBe(2);
  });
}

/** Writes as one who has read no more than `read`, and expects that not even a part of it arrives. */
async function expectRefused(subject: StorageUnderTest, read: LoadedSaga): Promise<void> {
  const before = await subject.load();
  const history = await subject.storage.history('saga-1');
  const result = await subject.storage.transition(subject.next(read, { ...WHOLE_WRITE, knownRequests: ['request-1'] }));
  expect(result).toEqual({ outcome: 'conflict' });
  expect(await subject.load()).toEqual({ ...before, now: expect.any(Date) });
  expect(await subject.storage.history('saga-1')).toEqual(history);
  expect((await subject.storage.find({})).items).toMatchObject([{ id: 'saga-1', updatedAt: before.record.updatedAt }]);
}
