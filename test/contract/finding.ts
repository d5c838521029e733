import { expect, it } from '@jest/globals';
import type { SagaQuery } from 'nest-saga';
import { ORDER_SAGA, type StorageUnderTest } from './storage-under-test.js';

/** The filters of `find`. How it pages is told in `paging.ts`. */
export function describeFinding(subject: StorageUnderTest): void {
  const found = async (query: SagaQuery): Promise<string[]> =>
    (await subject.storage.find(query)).items.map(({ id }) => id).toSorted();

  const failedWith = (id: string, message: string, failedStep = 'charge'): Promise<void> =>
    subject.createWith({ status: 'FAILED', error: { name: 'Error', message }, failedStep }, { id });

  it('finds nothing in an empty storage', async () => {
    expect(await subject.storage.find({})).toEqual({ items: [] });
  });

  it('gives what the head of a saga says, and no more', async () => {
    const heldReason = { code: 'unstorable-result', message: 'The result of step charge …' } as const;
    const error = { name: 'PaymentError', message: 'declined' };
    await subject.createWith({ status: 'COMPENSATING', heldReason, error, failedStep: 'charge', dueIn: 5000 });
    const { items } = await subject.storage.find({});
    const { plan, planHash, version, seq, context, ...head } = (await subject.load()).record;
    expect(items).toEqual([head]);
    expect(items[0]).toMatchObject({
      ...{ name: ORDER_SAGA.name },
      heldReason,
      error,
      failedStep: 'charge',
      worker: 'w1',
    });
    expect([plan, planHash, version, seq, context]).not.toContain(undefined);
  });

  it('finds by one status, and by several', async () => {
    for (const status of [
      'PENDING',
      'RUNNING',
      'COMPENSATING',
      'COMPLETED',
      'FAILED',
      'COMPENSATION_FAILED',
    ] as const) {
      await subject.createWith({ status }, { id: status });
    }
    expect(await found({ status: 'RUNNING' })).toEqual(['RUNNING']);
    expect(await found({ status: ['FAILED'] })).toEqual(['FAILED']);
    expect(await found({ status: ['COMPENSATION_FAILED', 'FAILED'] })).toEqual(['COMPENSATION_FAILED', 'FAILED']);
    expect(await found({})).toHaveLength(6);
  });

  it('finds by the name of the definition, exactly', async () => {
    for (const name of ['OrderSaga', 'ordersaga', 'OrderSaga2', 'Order%', 'Order_aga']) {
      await subject.create({ id: name, name });
    }
    expect(await found({ name: 'OrderSaga' })).toEqual(['OrderSaga']);
    expect(await found({ name: 'Order%' })).toEqual(['Order%']);
    expect(await found({ name: 'Order_aga' })).toEqual(['Order_aga']);
    expect(await found({ name: '' })).toEqual([]);
  });

  it('finds by the failing step, exactly', async () => {
    await failedWith('a', 'm', 'charge');
    await failedWith('b', 'm', 'charge-later');
    await subject.create({ id: 'c' });
    expect(await found({ step: 'charge' })).toEqual(['a']);
    expect(await found({ step: 'reserve' })).toEqual([]);
  });

  it('finds by text within the message of the error, in any case', async () => {
    await failedWith('a', 'Card DECLINED by bank');
    await failedWith('b', 'declined');
    await failedWith('c', 'Timeout after 5 s');
    await subject.create({ id: 'd' });
    expect(await found({ error: 'declined' })).toEqual(['a', 'b']);
    expect(await found({ error: 'Declined BY' })).toEqual(['a']);
    expect(await found({ error: 'Error' })).toEqual([]);
    expect(await found({ error: '' })).toEqual(['a', 'b', 'c']);
  });

  it.each([
    '100%',
    'a_b',
    'back\\slash',
    "it's",
    '"quoted"',
    '*',
    '[a-z]',
    '?',
    '$1',
    '🧀',
    'käse',
    "'; DROP TABLE sagas; --",
  ])('takes %s in the text of an error for itself', async (text) => {
    await failedWith('with', `before ${text} after`);
    await failedWith('without', 'before 100 aXb backslash its quoted z 1 after');
    expect(await found({ error: text })).toEqual(['with']);
  });

  it('finds parked sagas, all or by reason', async () => {
    await subject.createWith({ heldReason: { code: 'handler-missing', message: 'm' } }, { id: 'a' });
    await subject.createWith({ heldReason: { code: 'unreadable', message: 'm' } }, { id: 'b' });
    await subject.create({ id: 'c' });
    expect(await found({ held: true })).toEqual(['a', 'b']);
    expect(await found({ held: 'unreadable' })).toEqual(['b']);
    expect(await found({ held: 'definition-changed' })).toEqual([]);
    await subject.write('a', { head: { heldReason: null } });
    expect(await found({ held: true })).toEqual(['b']);
  });

  it('finds by the time of creation', async () => {
    for (const id of ['oldest', 'middle', 'newest']) {
      await subject.create({ id });
      await subject.advance(60_000);
    }
    const middle = (await subject.load('middle')).record.createdAt.getTime();
    const [before, after] = [new Date(middle - 10_000), new Date(middle + 10_000)];
    expect(await found({ createdAfter: before })).toEqual(['middle', 'newest']);
    expect(await found({ createdBefore: after })).toEqual(['middle', 'oldest']);
    expect(await found({ createdAfter: before, createdBefore: after })).toEqual(['middle']);
    expect(await found({ createdAfter: after, createdBefore: before })).toEqual([]);
    expect(await found({ createdAfter: new Date(middle), createdBefore: after })).toEqual([]);
    expect(await found({ createdAfter: before, createdBefore: new Date(middle) })).toEqual([]);
  });

  it('finds what satisfies every filter', async () => {
    await failedWith('a', 'declined', 'charge');
    await failedWith('b', 'declined', 'ship');
    await failedWith('c', 'timeout', 'charge');
    await subject.create({ id: 'd' });
    const query = { status: 'FAILED', name: 'OrderSaga', step: 'charge', error: 'decl' } as const;
    expect(await found(query)).toEqual(['a']);
    expect(await found({ ...query, held: true })).toEqual([]);
    expect(await found({ ...query, name: 'OtherSaga' })).toEqual([]);
  });

  it('does not find an error that was cleared', async () => {
    await failedWith('a', 'declined');
    await subject.write('a', { head: { error: null, failedStep: null } });
    expect(await found({ error: 'declined' })).toEqual([]);
    expect(await found({ step: 'charge' })).toEqual([]);
  });

  it.each([
    { status: 'NO_SUCH_STATUS' },
    { status: [] },
    { status: { $ne: null } },
    { name: { $ne: null } },
    { step: ['charge', 'reserve'] },
    { error: 1 },
    { held: false },
    { createdAfter: new Date(NaN) },
    { createdBefore: 'yesterday' },
    { limit: 0 },
    { limit: -1 },
    { limit: 1.5 },
    { limit: NaN },
    { limit: '10' },
    { after: 1 },
  ])('refuses %j', async (query) => {
    await expect(subject.storage.find(query as SagaQuery)).rejects.toMatchObject({ code: 'SAGA_INVALID_QUERY' });
  });
}
