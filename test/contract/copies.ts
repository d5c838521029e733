import { expect, it } from '@jest/globals';
import type { JsonValue } from 'nest-saga';
import type { StorageUnderTest } from './storage-under-test.js';

/** What is stored belongs to the storage: nobody changes it by changing what he gave or got. */
export function describeCopies(subject: StorageUnderTest): void {
  /** A copy of what can be read, so that it does not change together with what is stored. */
  const everything = async (): Promise<unknown> =>
    structuredClone({
      loaded: { ...(await subject.load()), now: undefined },
      history: await subject.storage.history('saga-1'),
      found: (await subject.storage.find({})).items,
    });

  it('keeps a new saga as it was when it was given', async () => {
    const saga = subject.newSaga({ context: { items: [{ name: 'book' }] } });
    await subject.storage.create(saga);
    const before = await everything();
    vandalise(saga);
    expect(await everything()).toEqual(before);
  });

  it('keeps a transition as it was when it was given', async () => {
    await subject.create();
    const transition = subject.next(await subject.load(), {
      entries: [{ event: 'completed', step: 'reserve', phase: 'act', attempt: 1, result: { id: ['r-1'] } }],
      context: { items: [{ name: 'book' }] },
      snapshot: { steps: [{ name: 'reserve' }] },
      head: {
        heldReason: { code: 'unreadable', message: 'm' },
        error: { name: 'E', message: 'm', cause: { name: 'F', message: 'n' } },
      },
    });
    await subject.storage.transition(transition);
    const before = await everything();
    vandalise(transition);
    expect(await everything()).toEqual(before);
  });

  it('keeps a request as it was when it was given', async () => {
    await subject.create();
    const request = { id: 'a', sagaId: 'saga-1', type: 'cancel', reason: 'r' } as const;
    await subject.storage.request(request);
    const before = await everything();
    vandalise(request);
    expect(await everything()).toEqual(before);
  });

  it('gives nothing away that leads to what is stored', async () => {
    await subject.create({ context: { items: [{ name: 'book' }] } });
    await subject.write('saga-1', {
      entries: [{ event: 'completed', step: 'reserve', phase: 'act', attempt: 1, result: { id: ['r-1'] } }],
      context: { items: [{ name: 'pen' }] },
      snapshot: { steps: [{}] },
      head: { heldReason: { code: 'unreadable', message: 'm' }, error: { name: 'E', message: 'm' }, dueIn: 1000 },
    });
    await subject.write('saga-1', { entries: [{ event: 'held', held: { code: 'unreadable', message: 'm' } }] });
    await subject.request();
    const before = await everything();
    vandalise(await subject.load());
    vandalise(await subject.storage.history('saga-1'));
    vandalise(await subject.storage.find({}));
    expect(await everything()).toEqual(before);

    const [claimed] = await subject.claim({ ids: ['saga-1'] });
    const after = await everything();
    vandalise(claimed);
    expect(await everything()).toEqual(after);
  });

  it('gives workers away as copies', async () => {
    await subject.register('w1');
    const before = structuredClone(await subject.storage.workers());
    vandalise(await subject.storage.workers());
    expect(await subject.storage.workers()).toEqual(before);
  });
}

/** Changes everything that can be reached from `value`. */
function vandalise(value: unknown): void {
  if (value instanceof Date) value.setTime(0);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, property] of Object.entries(value)) {
      vandalise(property);
      (value as Record<string, JsonValue>)[key] = 'vandalised';
    }
    if (Array.isArray(value)) value.push('vandalised');
  }
}
