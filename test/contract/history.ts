import { describe, expect, it } from '@jest/globals';
import type { EntryDraft, LogEntry } from 'nest-saga';
import { times, type StorageUnderTest } from './storage-under-test.js';

const ERROR = {
  name: 'PaymentError',
  message: 'declined: "insufficient funds"',
  stack: 'PaymentError: declined\n    at charge (payments.js:1:1)',
  code: 'E42',
  http: { status: 409, response: { statusCode: 409, message: ['a', 'b'] } },
  cause: { name: 'Error', message: '' },
};

/** One of each kind of entry, with everything that it can carry. */
const EVERY_ENTRY: readonly EntryDraft[] = [
  { event: 'started', step: 'reserve', phase: 'act', attempt: 1 },
  { event: 'saved', step: 'reserve', phase: 'act', attempt: 1 },
  { event: 'failed', step: 'reserve', phase: 'act', attempt: 1, outcome: 'unknown', error: ERROR, retryIn: 1500 },
  { event: 'failed', step: 'reserve', phase: 'act', attempt: 2, outcome: 'failed', error: ERROR, handover: true },
  { event: 'completed', step: 'charge', phase: 'act', attempt: 3, result: { deep: [{ a: null }], text: 'ä' } },
  { event: 'completed', step: 'charge', phase: 'act', attempt: 3, result: null },
  { event: 'completed', step: 'charge', phase: 'compensate', attempt: 1 },
  { event: 'skipped', step: 'charge', phase: 'compensate', request: 'r', reason: 'by hand', by: 'ops' },
  { event: 'created', deadline: 60_000 },
  { event: 'compensating', reason: 'cancelled', round: 2 },
  { event: 'completed' },
  { event: 'failed', reason: 'step-failed' },
  { event: 'compensation-failed', retryIn: 60_000 },
  { event: 'claimed', asked: true },
  { event: 'held', held: { code: 'handler-missing', message: 'No provider of step charge.' } },
  { event: 'cancelled', request: 'r', reason: 'changed my mind', by: 'ops' },
  { event: 'retried', request: 'r', by: 'ops' },
  { event: 'refused', request: 'r', why: 'Too late.' },
];

export function describeHistory(subject: StorageUnderTest): void {
  const history = (after?: number): Promise<readonly LogEntry[]> =>
    subject.storage.history('saga-1', after === undefined ? undefined : { after });

  it('gives every kind of entry back as it was written', async () => {
    await subject.create();
    await subject.write('saga-1', { entries: EVERY_ENTRY, worker: 'w3' });
    const entries = (await history()).slice(2);
    expect(entries).toEqual(
      EVERY_ENTRY.map((entry, index) => ({ ...entry, seq: index + 3, at: expect.any(Date), worker: 'w3' })),
    );
    expect((await subject.load()).entries.slice(2)).toEqual(entries);
  });

  it('gives entries in order, without gaps, over many writes', async () => {
    await subject.create();
    for (let attempt = 1; attempt <= 120; attempt++) {
      await subject.write('saga-1', { entries: [{ event: 'started', step: 'reserve', phase: 'act', attempt }] });
    }
    const entries = await history();
    expect(entries.map(({ seq }) => seq)).toEqual(times(122, (index) => index + 1));
    expect(entries.slice(2)).toMatchObject(times(120, (index) => ({ attempt: index + 1 })));
  });

  it('gives only what is behind a seq, in the middle of a write as well', async () => {
    await subject.create();
    await subject.write('saga-1', { entries: times(3, () => ({ event: 'claimed' }) as const) });
    await subject.write('saga-1', { entries: times(2, () => ({ event: 'claimed' }) as const) });
    const behind = async (after: number): Promise<number[]> => (await history(after)).map(({ seq }) => seq);
    expect(await behind(0)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await behind(1)).toEqual([2, 3, 4, 5, 6, 7]);
    expect(await behind(3)).toEqual([4, 5, 6, 7]);
    expect(await behind(5)).toEqual([6, 7]);
    expect(await behind(7)).toEqual([]);
    expect(await behind(1000)).toEqual([]);
  });

  it('has none for a saga that it does not know', async () => {
    await subject.create();
    expect(await subject.storage.history('saga-2')).toEqual([]);
    expect(await subject.storage.history('saga-2', { after: 1 })).toEqual([]);
  });

  it('keeps the logs of sagas apart', async () => {
    await subject.create({ id: 'saga-1', worker: 'w1' });
    await subject.create({ id: 'saga-2', worker: 'w2' });
    await subject.write('saga-2');
    expect((await history()).map(({ worker }) => worker)).toEqual(['w1', 'w1']);
  });

  describe('snapshots', () => {
    const snapshot = { status: 'RUNNING', steps: [{ name: 'reserve', result: null }], seq: 3 };

    it('start a load behind them, with their context, and end no history', async () => {
      await subject.create();
      await subject.write('saga-1', { context: { a: 1 }, snapshot });
      await subject.write('saga-1', { entries: [{ event: 'claimed' }, { event: 'claimed' }] });
      const loaded = await subject.load();
      expect(loaded.snapshot).toEqual(snapshot);
      expect(loaded.entries.map(({ seq }) => seq)).toEqual([4, 5]);
      expect(loaded.record).toMatchObject({ context: { a: 1 }, version: 3, seq: 5 });
      expect((await history()).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    });

    it('leave no entries behind the last row', async () => {
      await subject.create();
      await subject.write('saga-1', { context: 'c', snapshot });
      expect(await subject.load()).toMatchObject({
        snapshot,
        entries: [],
        record: { context: 'c', seq: 3, version: 2 },
      });
    });

    it('are replaced by later ones', async () => {
      await subject.create();
      await subject.write('saga-1', { context: 1, snapshot: { number: 1 } });
      await subject.write('saga-1');
      await subject.write('saga-1', { context: 2, snapshot: { number: 2 } });
      await subject.write('saga-1');
      const loaded = await subject.load();
      expect(loaded.snapshot).toEqual({ number: 2 });
      expect(loaded.entries.map(({ seq }) => seq)).toEqual([6]);
      expect(loaded.record.context).toBe(2);
    });

    it('do not hide a context that was written after them', async () => {
      await subject.create();
      await subject.write('saga-1', { context: 'old', snapshot });
      await subject.write('saga-1', { context: 'new' });
      await subject.write('saga-1');
      expect(await subject.load()).toMatchObject({ snapshot, record: { context: 'new' } });
    });

    it('come with a claim', async () => {
      await subject.create();
      await subject.write('saga-1', { context: { a: 1 }, snapshot });
      const [claimed] = await subject.claim();
      expect(claimed).toMatchObject({
        snapshot,
        record: { context: { a: 1 } },
        entries: [{ seq: 4, event: 'claimed' }],
      });
    });
  });
}
