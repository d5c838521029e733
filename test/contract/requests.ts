import { expect, it } from '@jest/globals';
import type { EntryDraft, OperatorRequest } from 'nest-saga';
import { times, type StorageUnderTest } from './storage-under-test.js';

const RESOLVE: OperatorRequest = {
  id: 'request-9',
  sagaId: 'saga-1',
  type: 'resolve',
  step: 'charge',
  reason: "refunded by hand; it's settled 🙂",
  by: 'ops@example.org',
};

/** The entries that answer a request, each in its own way. */
const ANSWERS: readonly EntryDraft[] = [
  { event: 'cancelled', request: 'request-1', reason: 'r' },
  { event: 'retried', request: 'request-1' },
  { event: 'refused', request: 'request-1', why: 'Too late.' },
  { event: 'skipped', step: 'charge', phase: 'compensate', request: 'request-1', reason: 'r' },
];

export function describeRequests(subject: StorageUnderTest): void {
  const openRequests = async (): Promise<string[]> => (await subject.load()).requests.map(({ id }) => id);

  it('keeps a request until it is answered, and gives it with the saga', async () => {
    await subject.create();
    expect(await subject.request(RESOLVE)).toBe('stored');
    expect((await subject.load()).requests).toEqual([RESOLVE]);
    expect((await subject.load()).record.version).toBe(1);
  });

  it('gives requests oldest first', async () => {
    await subject.create();
    const ids = ['c', 'a', 'e', 'b', 'd'];
    for (const id of ids) await subject.request({ id });
    expect(await openRequests()).toEqual(ids);
  });

  it('keeps the requests of sagas apart', async () => {
    await subject.create({ id: 'saga-1' });
    await subject.create({ id: 'saga-2' });
    await subject.request({ id: 'a', sagaId: 'saga-1' });
    await subject.request({ id: 'b', sagaId: 'saga-2' });
    expect(await openRequests()).toEqual(['a']);
    expect((await subject.load('saga-2')).requests).toMatchObject([{ id: 'b', sagaId: 'saga-2' }]);
  });

  it('changes nothing when the same request comes again', async () => {
    await subject.create();
    await subject.request({ id: 'a', reason: 'first' });
    await subject.request({ id: 'b' });
    expect(await subject.request({ id: 'a', reason: 'second' })).toBe('stored');
    expect((await subject.load()).requests).toMatchObject([{ id: 'a', reason: 'first' }, { id: 'b' }]);
  });

  it('takes no request for a saga that it does not know', async () => {
    expect(await subject.request()).toBe('unknown-saga');
    await subject.create();
    expect(await openRequests()).toEqual([]);
  });

  it.each(['COMPLETED', 'FAILED'] as const)('takes no request for a %s saga', async (status) => {
    await subject.createWith({ status });
    expect(await subject.request()).toBe('final');
    expect(await openRequests()).toEqual([]);
  });

  it.each(['PENDING', 'RUNNING', 'COMPENSATING', 'COMPENSATION_FAILED'] as const)(
    'takes a request for a %s saga',
    async (status) => {
      await subject.createWith({ status });
      expect(await subject.request()).toBe('stored');
    },
  );

  it('gives a writer the requests that it has not read, and writes nothing', async () => {
    await subject.create();
    await subject.request({ id: 'known' });
    const read = await subject.load();
    await subject.request({ id: 'new-1', type: 'retry', by: 'ops' });
    await subject.request({ id: 'new-2' });
    const before = await subject.load();

    const write = subject.next(read, { context: 'changed', head: { status: 'COMPLETED' }, snapshot: {} });
    expect(await subject.storage.transition(write)).toEqual({
      outcome: 'requested',
      requests: [
        { id: 'new-1', sagaId: 'saga-1', type: 'retry', by: 'ops' },
        { id: 'new-2', sagaId: 'saga-1', type: 'cancel' },
      ],
    });
    expect(await subject.load()).toEqual({ ...before, now: expect.any(Date) });
  });

  it('writes once the writer has read them, and keeps those that it did not answer', async () => {
    await subject.create();
    await subject.request({ id: 'a' });
    await subject.request({ id: 'b' });
    const write = subject.next(await subject.load(), { entries: [{ event: 'cancelled', request: 'a' }] });
    expect(await subject.storage.transition(write)).toMatchObject({ outcome: 'written' });
    expect(await openRequests()).toEqual(['b']);
    await subject.write('saga-1', { knownRequests: ['a', 'b', 'c'] });
    expect(await openRequests()).toEqual(['b']);
  });

  it.each(ANSWERS)('takes $event as the answer to a request', async (entry) => {
    await subject.create();
    await subject.request({ id: 'request-1' });
    await subject.write('saga-1', { entries: [{ event: 'claimed' }, entry] });
    expect(await openRequests()).toEqual([]);
    expect((await subject.load()).entries.at(-1)).toMatchObject(entry);
    await subject.write('saga-1', { knownRequests: [] });
    expect((await subject.load()).record.version).toBe(3);
  });

  it('answers the requests of the saga that is written to, and of no other', async () => {
    await subject.create({ id: 'saga-1' });
    await subject.create({ id: 'saga-2' });
    await subject.request({ id: 'request-1', sagaId: 'saga-1' });
    await subject.request({ id: 'request-2', sagaId: 'saga-2' });
    await subject.write('saga-1', {
      entries: [
        { event: 'cancelled', request: 'request-1' },
        { event: 'refused', request: 'request-2', why: 'w' },
      ],
    });
    expect((await subject.load('saga-2')).requests).toHaveLength(1);
  });

  it('gives open requests with a claim', async () => {
    await subject.create();
    await subject.request(RESOLVE);
    expect(await subject.claim()).toMatchObject([{ requests: [RESOLVE] }]);
  });

  it('tells a worker at its heartbeat which of its sagas have open requests', async () => {
    await subject.register('w1');
    for (const id of ['saga-1', 'saga-2', 'quiet']) await subject.create({ id, worker: 'w1' });
    await subject.create({ id: 'of another', worker: 'w2' });
    await subject.request({ id: 'a', sagaId: 'saga-1' });
    await subject.request({ id: 'b', sagaId: 'saga-1' });
    await subject.request({ id: 'c', sagaId: 'saga-2' });
    await subject.request({ id: 'd', sagaId: 'of another' });
    const requested = async (beat: number): Promise<readonly string[]> => {
      const result = await subject.storage.heartbeat({ worker: 'w1', beat, duration: 600_000 });
      return result.outcome === 'alive' ? result.requested.toSorted() : [];
    };

    expect(await requested(1)).toEqual(['saga-1', 'saga-2']);
    await subject.write('saga-2', { entries: [{ event: 'refused', request: 'c', why: 'w' }] });
    expect(await requested(2)).toEqual(['saga-1']);
  });

  it('stores every one of fifty requests at once', async () => {
    const peer = await subject.peer();
    await subject.create();
    const ids = times(50, (index) => `request-${index}`);
    await Promise.all(ids.map((id, index) => subject.request({ id }, index % 2 === 0 ? subject.storage : peer)));
    expect((await openRequests()).toSorted()).toEqual(ids.toSorted());
  });

  it('never stores a request beside the write that finishes the saga unread', async () => {
    const peer = await subject.peer();
    const ids = times(50, (index) => `saga-${index}`);
    await Promise.all(ids.map((id) => subject.create({ id })));
    const reads = await Promise.all(ids.map((id) => subject.load(id)));

    const races = await Promise.all(
      reads.map((read, index) => {
        const finish = subject.next(read, {
          entries: [{ event: 'completed' }],
          head: { status: 'COMPLETED', worker: null },
        });
        const request = { id: `request of ${read.record.id}`, sagaId: read.record.id };
        return Promise.all([
          subject.request(request, index % 2 === 0 ? subject.storage : peer),
          subject.storage.transition(finish),
        ]);
      }),
    );

    for (const [index, [request, write]] of races.entries()) {
      expect([request, write.outcome]).toEqual(request === 'stored' ? ['stored', 'requested'] : ['final', 'written']);
      const { record, requests } = await subject.load(ids[index]);
      expect(record.status).toBe(request === 'stored' ? 'RUNNING' : 'COMPLETED');
      expect(requests).toHaveLength(request === 'stored' ? 1 : 0);
    }
  });
}
