import { expect, it } from '@jest/globals';
import type { HeadChange } from 'nest-saga';
import { times, type StorageUnderTest } from './storage-under-test.js';

/** A head in which everything is set. */
const FULL_HEAD = {
  status: 'COMPENSATION_FAILED',
  dueIn: 30_000,
  heldReason: { code: 'attempts-exhausted', message: 'Gave up after 5 claims.' },
  error: { name: 'PaymentError', message: 'declined', code: 'E42', http: { status: 409, response: { ok: false } } },
  failedStep: 'charge',
} as const satisfies HeadChange;

export function describeTransitions(subject: StorageUnderTest): void {
  it('appends entries behind those that are there', async () => {
    await subject.create();
    const entries = [
      { event: 'completed', step: 'reserve', phase: 'act', attempt: 1, result: { reservation: 'r-1' } },
      { event: 'started', step: 'charge', phase: 'act', attempt: 1 },
    ] as const;
    const result = await subject.write('saga-1', { entries, worker: 'w1' });
    expect(result).toEqual({ outcome: 'written', at: expect.any(Date) });

    const { record, entries: log } = await subject.load();
    expect(record).toMatchObject({ version: 2, seq: 4 });
    const at = result.outcome === 'written' ? result.at : undefined;
    expect(log.slice(2)).toEqual([
      { ...entries[0], seq: 3, at, worker: 'w1' },
      { ...entries[1], seq: 4, at, worker: 'w1' },
    ]);
    expect(log.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it('counts one version for each write, however many entries it has', async () => {
    await subject.create();
    for (const count of [1, 3, 2]) {
      const entries = times(count, () => ({ event: 'claimed' }) as const);
      await subject.write('saga-1', { entries });
    }
    expect((await subject.load()).record).toMatchObject({ version: 4, seq: 8 });
  });

  it('keeps the context unless a new one is given', async () => {
    await subject.create({ context: { a: 1 } });
    await subject.write('saga-1');
    expect((await subject.load()).record.context).toEqual({ a: 1 });
    await subject.write('saga-1', { context: { b: 2 } });
    expect((await subject.load()).record.context).toEqual({ b: 2 });
    await subject.write('saga-1');
    expect((await subject.load()).record.context).toEqual({ b: 2 });
    await subject.write('saga-1', { context: null });
    expect((await subject.load()).record.context).toBeNull();
  });

  it('leaves the head alone when only the log grows', async () => {
    await subject.create();
    await subject.advance(5000);
    await subject.write('saga-1', { context: { a: 1 } });
    const { record } = await subject.load();
    expect(record.updatedAt).toEqual(record.createdAt);
    expect(record).toMatchObject({ status: 'RUNNING', worker: 'w1' });
  });

  it('changes what the head says, and when it changed', async () => {
    await subject.create();
    await subject.advance(5000);
    const result = await subject.write('saga-1', { head: FULL_HEAD });
    const { record } = await subject.load();
    const { dueIn, ...rest } = FULL_HEAD;
    expect(record).toMatchObject({ ...rest, worker: 'w1' });
    expect(record.updatedAt.getTime() - record.createdAt.getTime()).toBeGreaterThanOrEqual(5000);
    expect(result).toEqual({ outcome: 'written', at: record.updatedAt });
    expect(record.dueAt?.getTime()).toBe(record.updatedAt.getTime() + dueIn);
  });

  it('leaves everything in the head that a change does not name', async () => {
    await subject.createWith(FULL_HEAD);
    const before = (await subject.load()).record;
    await subject.write('saga-1', { head: { status: 'COMPENSATING' } });
    expect((await subject.load()).record).toEqual({
      ...before,
      status: 'COMPENSATING',
      version: 3,
      seq: before.seq + 1,
      updatedAt: expect.any(Date),
    });
  });

  it.each(['dueIn', 'heldReason', 'error', 'failedStep', 'worker'] as const)(
    'clears %s, and only that',
    async (property) => {
      await subject.createWith(FULL_HEAD);
      const before = (await subject.load()).record;
      await subject.write('saga-1', { head: { [property]: null } });

      const cleared = property === 'dueIn' ? 'dueAt' : property;
      const { [cleared]: value, ...others } = before;
      expect(value).toBeDefined();
      const { record } = await subject.load();
      expect(record[cleared]).toBeUndefined();
      expect(record).toMatchObject({ ...others, version: 3, seq: before.seq + 1, updatedAt: expect.any(Date) });
    },
  );

  it('takes a due time that has come already', async () => {
    await subject.createWith({ dueIn: 0 });
    expect(await subject.claimedIds()).toEqual(['saga-1']);
  });

  it('remembers the id of the last write, by which its writer knows it', async () => {
    await subject.create();
    await subject.write('saga-1', { writeId: 'mine' });
    expect((await subject.load()).writeId).toBe('mine');
  });

  it('stamps each write with the worker that wrote it, not with the one before', async () => {
    await subject.create({ worker: 'w1' });
    await subject.write('saga-1', { worker: 'w9' });
    const { entries, record } = await subject.load();
    expect(entries.map(({ worker }) => worker)).toEqual(['w1', 'w1', 'w9']);
    expect(record.worker).toBe('w1');
  });

  it('never lets time run backwards within a log', async () => {
    await subject.create();
    for (let write = 0; write < 10; write++) await subject.write('saga-1');
    const times = (await subject.load()).entries.map(({ at }) => at.getTime());
    expect(times).toEqual(times.toSorted((one, other) => one - other));
  });

  it('writes to sixty-four sagas at once, each its own', async () => {
    const ids = times(64, (index) => `saga-${index}`);
    await Promise.all(ids.map((id) => subject.create({ id })));
    const results = await Promise.all(
      ids.map((id, index) =>
        subject.write(id, {
          context: { index },
          ...(index % 2 === 0 && { head: { status: 'COMPLETED', worker: null } }),
        }),
      ),
    );
    expect(results.map(({ outcome }) => outcome)).toEqual(ids.map(() => 'written'));
    const records = await Promise.all(ids.map(async (id) => (await subject.load(id)).record));
    expect(records.map(({ context }) => context)).toEqual(ids.map((_, index) => ({ index })));
    expect(records.map(({ status }) => status)).toEqual(
      ids.map((_, index) => (index % 2 === 0 ? 'COMPLETED' : 'RUNNING')),
    );
  });

  it('shows a write to other processes at once', async () => {
    const peer = await subject.peer();
    await subject.create();
    await subject.write('saga-1', { context: 'new' });
    expect((await subject.load('saga-1', peer)).record).toMatchObject({ context: 'new', version: 2 });
  });
}
