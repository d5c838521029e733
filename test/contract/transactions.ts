import { describe, expect, it } from '@jest/globals';
import type { CreateResult, NewSaga, StorageTransaction, TransitionResult } from 'nest-saga';
import { times, type StorageUnderTest } from './storage-under-test.js';

/** Tests of what storages promise that have `capabilities.transactions`; of the others, that they refuse. */
export function describeTransactions(subject: StorageUnderTest): void {
  describe('shared with a step', () => describeShared(subject));
  describe('of the application', () => describeCreatedWithin(subject));
}

/** Declares a test for storages with transactions; of others it shows that they refuse. */
function itShares(subject: StorageUnderTest) {
  return (name: string, test: () => Promise<void>): void => {
    it(name, async () => {
      if (subject.storage.capabilities.transactions) return test();
      const refusal = { code: 'SAGA_CONFIGURATION', message: expect.stringContaining('has no transactions to share') };
      await expect(subject.storage.transaction(async () => 1)).rejects.toMatchObject(refusal);
      await expect(subject.storage.createWithin({}, subject.newSaga())).rejects.toMatchObject(refusal);
    });
  };
}

function describeShared(subject: StorageUnderTest): void {
  const itDoes = itShares(subject);

  /** Notes a text and appends a row, as a step does whose act returns. */
  async function noteAndAppend(
    transaction: StorageTransaction,
    text: string,
    id = 'saga-1',
  ): Promise<TransitionResult> {
    await subject.application.note(transaction.handle, text);
    return transaction.transition(subject.next(await subject.load(id)));
  }

  itDoes('commits what the application wrote together with the row', async () => {
    await subject.create();
    const seen = await subject.storage.transaction(async (transaction) => {
      const result = await noteAndAppend(transaction, 'mine');
      return [result, await subject.application.notes(), (await subject.load()).record.version];
    });
    expect(seen).toEqual([{ outcome: 'written', at: expect.any(Date) }, [], 1]);
    expect(await subject.application.notes()).toEqual(['mine']);
    expect((await subject.load()).record).toMatchObject({ version: 2, seq: 3 });
  });

  itDoes('commits all that a transition may hold', async () => {
    await subject.create();
    await subject.request();
    const read = await subject.load();
    const entries = [
      { event: 'cancelled', request: 'request-1' },
      { event: 'completed', step: 'reserve', phase: 'act', attempt: 1, result: { text: 'käse 🧀' } },
    ] as const;
    const head = { status: 'COMPENSATING', dueIn: 5000, failedStep: 'reserve' } as const;
    const written = await subject.storage.transaction((transaction) =>
      transaction.transition(subject.next(read, { entries, head, context: { changed: true }, writeId: 'mine' })),
    );
    const { record, entries: log, requests, writeId } = await subject.load();
    expect(record).toMatchObject({ status: 'COMPENSATING', failedStep: 'reserve', context: { changed: true } });
    expect(log.slice(2)).toMatchObject(entries);
    expect(requests).toEqual([]);
    expect(writeId).toBe('mine');
    expect(written).toEqual({ outcome: 'written', at: record.updatedAt });
  });

  itDoes('writes neither when the work rejects, and rejects with its very error', async () => {
    await subject.create();
    const error = new Error('changed my mind');
    const work = async (transaction: StorageTransaction) => {
      await noteAndAppend(transaction, 'mine');
      throw error;
    };
    await expect(subject.storage.transaction(work)).rejects.toBe(error);
    expect(await subject.application.notes()).toEqual([]);
    expect((await subject.load()).record.version).toBe(1);
    expect(await subject.write('saga-1')).toMatchObject({ outcome: 'written' });
  });

  itDoes('commits what the application wrote when no row is appended', async () => {
    await subject.storage.transaction(({ handle }) => subject.application.note(handle, 'mine'));
    expect(await subject.application.notes()).toEqual(['mine']);
  });

  itDoes('tells a late writer of the conflict', async () => {
    await subject.create();
    const read = await subject.load();
    await subject.write('saga-1');
    const result = await subject.storage.transaction(({ transition }) => transition(subject.next(read)));
    expect(result).toEqual({ outcome: 'conflict' });
  });

  itDoes('tells of a claim that came while the step was at work', async () => {
    await subject.create();
    const read = await subject.load();
    const result = await subject.storage.transaction(async ({ handle, transition }) => {
      await subject.application.note(handle, 'late');
      expect(await subject.claimedIds()).toEqual(['saga-1']);
      return transition(subject.next(read));
    });
    expect(result).toEqual({ outcome: 'conflict' });
  });

  itDoes('hands out requests that the writer does not know, and lets it write once it does', async () => {
    await subject.create();
    const read = await subject.load();
    const result = await subject.storage.transaction(async ({ handle, transition }) => {
      await subject.application.note(handle, 'mine');
      await subject.request();
      const told = await transition(subject.next(read));
      expect(told).toEqual({
        outcome: 'requested',
        requests: [expect.objectContaining({ id: 'request-1', sagaId: 'saga-1', type: 'cancel' })],
      });
      return transition(subject.next(read, { knownRequests: ['request-1'] }));
    });
    expect(result).toMatchObject({ outcome: 'written' });
    expect(await subject.application.notes()).toEqual(['mine']);
  });

  itDoes('runs again, in a new transaction, after a serialization failure', async () => {
    await subject.create();
    let runs = 0;
    await subject.storage.transaction(async (transaction) => {
      await noteAndAppend(transaction, `run ${++runs}`);
      if (runs < 3) await subject.application.collide(transaction.handle);
    });
    expect(await subject.application.notes()).toEqual(['run 3']);
    expect((await subject.load()).record.version).toBe(2);
  });

  itDoes('recognises a serialization failure that libraries have wrapped', async () => {
    let runs = 0;
    await subject.storage.transaction(async ({ handle }) => {
      await subject.application.note(handle, `run ${++runs}`);
      if (runs > 2) return;
      await subject.application.collide(handle).catch((driverError: unknown) => {
        const wrapped = Object.assign(
          new Error('query failed'),
          runs === 1 ? { driverError } : { originalError: driverError },
        );
        throw new Error('the repository failed', { cause: wrapped });
      });
    });
    expect(await subject.application.notes()).toEqual(['run 3']);
  });

  itDoes('gives up when serialization fails again and again, with the last error', async () => {
    let runs = 0;
    const failures: unknown[] = [];
    const work = async ({ handle }: StorageTransaction) => {
      runs++;
      await subject.application.collide(handle).catch((error: unknown) => {
        failures.push(error);
        throw error;
      });
    };
    const thrown = await subject.storage.transaction(work).catch((error: unknown) => error);
    expect(runs).toBeGreaterThan(1);
    expect(thrown).toBe(failures.at(-1));
  });

  itDoes('writes nothing when a value can never be stored', async () => {
    await subject.create();
    const read = await subject.load();
    const writing = subject.storage.transaction(async ({ handle, transition }) => {
      await subject.application.note(handle, 'mine');
      return transition(subject.next(read, { writeId: '\0' }));
    });
    await expect(writing).rejects.toMatchObject({ code: 'SAGA_STORAGE_REJECTED' });
    expect(await subject.application.notes()).toEqual([]);
    expect((await subject.load()).record.version).toBe(1);
  });

  itDoes('never commits the row without what the application wrote before a failure that it swallowed', async () => {
    await subject.create();
    const writing = subject.storage.transaction(async (transaction) => {
      await subject.application.note(transaction.handle, 'lost');
      await subject.application.failUnseen(transaction.handle);
      return noteAndAppend(transaction, 'mine');
    });
    const result = await writing.catch((error: unknown) => error);
    const { version } = (await subject.load()).record;
    // Some databases undo only the statement that failed; then both stand. Others have undone everything, and neither does.
    if (version === 2) expect((await subject.application.notes()).toSorted()).toEqual(['lost', 'mine']);
    else {
      expect(result).toBeInstanceOf(Error);
      expect(await subject.application.notes()).toEqual([]);
    }
  });

  itDoes('says that it may stand when the work commits it behind its back and then rejects', async () => {
    await subject.create();
    const error = new Error('changed my mind');
    const work = async ({ handle }: StorageTransaction) => {
      await subject.application.note(handle, 'mine');
      await subject.application.commitItself(handle);
      throw error;
    };
    await expect(subject.storage.transaction(work)).rejects.toMatchObject({
      code: 'SAGA_TRANSACTION_BROKEN',
      mayStand: true,
      cause: error,
    });
    expect(await subject.application.notes()).toEqual(['mine']);
    expect(await subject.write('saga-1')).toMatchObject({ outcome: 'written' });
  });

  itDoes('lets transactions wait for each other, and not the writes and heartbeats of the storage', async () => {
    const ids = times(subject.application.atOnce + 8, (index) => `saga-${index}`);
    await Promise.all(ids.map((id) => subject.create({ id })));
    await subject.register('w1');
    await subject.create({ id: 'other' });
    let inside = 0;
    let most = 0;
    const [allIn, full] = signal();
    const [open, letGo] = signal();
    const running = ids.map((id) =>
      subject.storage.transaction(async (transaction) => {
        most = Math.max(most, ++inside);
        if (inside === subject.application.atOnce) full();
        await open;
        await noteAndAppend(transaction, id, id);
        inside--;
      }),
    );
    await allIn;
    expect(await subject.write('other')).toMatchObject({ outcome: 'written' });
    expect(await subject.storage.heartbeat({ worker: 'w1', beat: 1, duration: 600_000 })).toMatchObject({
      outcome: 'alive',
    });
    letGo();
    await Promise.all(running);
    expect(most).toBe(subject.application.atOnce);
    expect((await subject.application.notes()).toSorted()).toEqual(ids.toSorted());
  });
}

function describeCreatedWithin(subject: StorageUnderTest): void {
  const itDoes = itShares(subject);

  function queued(saga: Partial<NewSaga> = {}): NewSaga {
    const entries = [{ event: 'created' }] as const;
    return subject.newSaga({ status: 'PENDING', worker: undefined, entries, ...saga });
  }

  /** Creates in a transaction of its own, which is committed. */
  async function createAndCommit(saga: NewSaga): Promise<CreateResult> {
    const transaction = await subject.application.begin();
    const result = await subject.storage.createWithin(transaction.handle, saga);
    await transaction.commit();
    return result;
  }

  itDoes('exists only when the caller has committed', async () => {
    const transaction = await subject.application.begin();
    await subject.application.note(transaction.handle, 'order');
    const result = await subject.storage.createWithin(transaction.handle, queued());
    expect(result).toMatchObject({ outcome: 'created', at: expect.any(Date) });
    expect(await subject.storage.load('saga-1')).toBeUndefined();
    expect(await subject.claimedIds()).toEqual([]);
    await transaction.commit();
    expect((await subject.load()).record).toMatchObject({ status: 'PENDING', version: 1, context: { orderId: 'o-1' } });
    expect((await subject.load()).record.worker).toBeUndefined();
    expect(await subject.application.notes()).toEqual(['order']);
  });

  itDoes('never existed when the caller rolls back', async () => {
    const transaction = await subject.application.begin();
    await subject.application.note(transaction.handle, 'order');
    await subject.storage.createWithin(transaction.handle, queued());
    await transaction.rollback();
    expect(await subject.storage.load('saga-1')).toBeUndefined();
    expect(await subject.application.notes()).toEqual([]);
    expect(await subject.create()).toMatchObject({ outcome: 'created' });
  });

  itDoes('tells outside of the transaction whether that is still open, however it ends', async () => {
    for (const end of ['commit', 'rollback'] as const) {
      const transaction = await subject.application.begin();
      const created = await subject.storage.createWithin(transaction.handle, queued({ id: end }));
      const found = await subject.storage.createWithin(transaction.handle, queued({ id: end }));
      expect([await created.isOpen(), await found.isOpen()]).toEqual([true, true]);
      await transaction[end]();
      expect([await created.isOpen(), await found.isOpen()]).toEqual([false, false]);
      expect((await subject.storage.load(end)) !== undefined).toBe(end === 'commit');
    }
  });

  itDoes('can be claimed at once after the commit', async () => {
    await createAndCommit(queued());
    expect(await subject.claimedIds()).toEqual(['saga-1']);
  });

  itDoes('tells of an id that is taken, and leaves the transaction usable', async () => {
    await subject.create();
    const transaction = await subject.application.begin();
    const taken = await subject.storage.createWithin(transaction.handle, queued({ name: 'Other' }));
    expect(taken).toMatchObject({ outcome: 'exists', name: 'OrderSaga' });
    await subject.application.note(transaction.handle, 'order');
    expect(await subject.storage.createWithin(transaction.handle, queued({ id: 'saga-2' }))).toMatchObject({
      outcome: 'created',
    });
    await transaction.commit();
    expect(await subject.application.notes()).toEqual(['order']);
    expect((await subject.load('saga-2')).record.status).toBe('PENDING');
  });

  itDoes('finds its own saga when it is created twice in one transaction', async () => {
    const transaction = await subject.application.begin();
    await subject.storage.createWithin(transaction.handle, queued());
    expect(await subject.storage.createWithin(transaction.handle, queued())).toMatchObject({
      outcome: 'exists',
      name: 'OrderSaga',
    });
    await transaction.commit();
    expect((await subject.load()).record.version).toBe(1);
  });

  itDoes('waits for another transaction that has taken the id, and joins what it commits', async () => {
    const first = await subject.application.begin();
    await subject.storage.createWithin(first.handle, queued());
    const second = createAndCommit(queued({ name: 'Other' }));
    await first.commit();
    expect(await second).toMatchObject({ outcome: 'exists', name: 'OrderSaga' });
  });

  itDoes('takes the id when the other transaction rolls back', async () => {
    const first = await subject.application.begin();
    await subject.storage.createWithin(first.handle, queued());
    const second = createAndCommit(queued({ name: 'Other' }));
    await first.rollback();
    expect(await second).toMatchObject({ outcome: 'created' });
    expect((await subject.load()).record.name).toBe('Other');
  });

  itDoes('leaves the transaction usable when a value can never be stored', async () => {
    const transaction = await subject.application.begin();
    const creating = subject.storage.createWithin(transaction.handle, queued({ id: 'saga\0' }));
    await expect(creating).rejects.toMatchObject({ code: 'SAGA_STORAGE_REJECTED' });
    await subject.application.note(transaction.handle, 'order');
    await transaction.commit();
    expect(await subject.application.notes()).toEqual(['order']);
  });

  itDoes('creates a saga in the transaction of a step', async () => {
    await subject.storage.transaction(({ handle }) => subject.storage.createWithin(handle, queued()));
    expect(await subject.claimedIds()).toEqual(['saga-1']);
  });

  itDoes('refuses what is no transaction, and says what would be one', async () => {
    for (const stranger of subject.application.strangers) {
      const creating = subject.storage.createWithin(stranger, queued());
      await expect(creating).rejects.toMatchObject({
        code: 'SAGA_STORAGE_REJECTED',
        message: expect.stringContaining('it must be '),
      });
    }
    expect(await subject.storage.load('saga-1')).toBeUndefined();
  });
}

/** A promise, and what resolves it. */
function signal(): readonly [Promise<void>, () => void] {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return [promise, resolve];
}
