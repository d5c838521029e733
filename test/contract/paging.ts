import { expect, it } from '@jest/globals';
import type { SagaQuery, SagaSummary } from 'nest-saga';
import { times, titled, type StorageUnderTest } from './storage-under-test.js';

export function describePaging(subject: StorageUnderTest): void {
  const createMany = async (count: number, prefix = 'saga'): Promise<string[]> => {
    const ids = times(count, (index) => `${prefix}-${index}`);
    await Promise.all(ids.map((id) => subject.create({ id })));
    return ids;
  };

  it('gives all on one page when they fit, and no way to a next one', async () => {
    await createMany(10);
    const page = await subject.storage.find({ limit: 10 });
    expect(page.items).toHaveLength(10);
    expect(page.next).toBeUndefined();
  });

  it('gives fifty at a time unless told otherwise', async () => {
    await createMany(60);
    const page = await subject.storage.find({});
    expect(page.items).toHaveLength(50);
    expect((await subject.storage.find({ after: page.next })).items).toHaveLength(10);
  });

  it('takes a limit that is larger than any page', async () => {
    await createMany(5);
    expect((await subject.storage.find({ limit: 1_000_000 })).items).toHaveLength(5);
  });

  it('gives the newest first', async () => {
    for (const id of ['b', 'c', 'a']) {
      await subject.create({ id });
      await subject.advance(1000);
    }
    expect((await allPages(subject, { limit: 2 })).map(({ id }) => id)).toEqual(['a', 'c', 'b']);
  });

  it.each([1, 3, 7, 25])(
    'shows each saga once, in order, on pages of %i, however many were created at once',
    async (limit) => {
      const ids = await createMany(25);
      const sagas = await allPages(subject, { limit });
      expect(sagas.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(sagas).toEqual(sagas.toSorted(newestFirst));
    },
  );

  it.each<SagaQuery>([{}, { status: 'COMPLETED' }, { status: ['RUNNING', 'COMPLETED', 'FAILED'] }])(
    'brings those of all names in one order: %j',
    async (query) => {
      const names = ['OrderSaga', 'RefundSaga', 'käse-🧀', 'A', 'z'];
      const ids = times(23, (index) => `saga-${index}`);
      for (const [index, id] of ids.entries()) {
        await subject.create({ id, name: names[index % names.length]! });
        await subject.write(id, { head: { status: 'COMPLETED', worker: null } });
        if (index % 4 === 0) await subject.advance(1000);
      }
      const sagas = await allPages(subject, { ...query, limit: 4 });
      expect(sagas.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(sagas).toEqual(sagas.toSorted(newestFirst));
    },
  );

  it.each<SagaQuery>([
    { status: ['PENDING', 'RUNNING', 'COMPENSATING', 'COMPENSATION_FAILED', 'FAILED'] },
    { status: ['RUNNING', 'COMPENSATING', 'COMPENSATION_FAILED', 'FAILED'], name: 'OrderSaga' },
    { status: ['RUNNING', 'COMPLETED'] },
    { status: ['RUNNING', 'COMPENSATING'] },
  ])('brings those of all statuses in one order: %j', async (query) => {
    const statuses = ['RUNNING', 'COMPENSATING', 'COMPENSATION_FAILED', 'FAILED', 'COMPLETED'] as const;
    const all = times(25, (index) => ({ id: `saga-${index}`, status: statuses[index % statuses.length]! }));
    for (const [index, { id, status }] of all.entries()) {
      await subject.create({ id });
      const parked = index % 7 === 0 ? { heldReason: { code: 'unreadable', message: 'damaged' } as const } : {};
      await subject.write(id, { head: { status, ...parked } });
      if (index % 3 === 0) await subject.advance(1000);
    }
    const wanted = all.filter(({ status }) => query.status?.includes(status)).map(({ id }) => id);
    const sagas = await allPages(subject, { ...query, limit: 4 });
    expect(sagas.map(({ id }) => id).toSorted()).toEqual(wanted.toSorted());
    expect(sagas).toEqual(sagas.toSorted(newestFirst));
  });

  it('neither repeats nor leaves out a saga when others are created between two pages', async () => {
    const ids = await createMany(20);
    const first = await subject.storage.find({ limit: 6 });
    await createMany(10, 'tomorrow');
    const second = await subject.storage.find({ limit: 6, after: first.next });
    await createMany(10, 'a-later-one');
    const seen = [...first.items, ...second.items, ...(await allPages(subject, { limit: 6, after: second.next }))];
    const old = seen.map(({ id }) => id).filter((id) => ids.includes(id));
    expect(old.toSorted()).toEqual(ids.toSorted());
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
  });

  it('goes on where it was although the saga at its place is gone', async () => {
    await createMany(9);
    const order = (await subject.storage.find({})).items.map(({ id }) => id);
    await subject.write(order[2]!, { head: { status: 'COMPLETED' } });
    await subject.advance(1000);
    const first = await subject.storage.find({ limit: 3 });
    expect(await subject.storage.prune({ olderThan: 10 })).toBe(1);
    const others = await allPages(subject, { limit: 3, after: first.next });
    expect(others.map(({ id }) => id)).toEqual(order.slice(3));
  });

  it('filters every page', async () => {
    const ids = await createMany(20);
    const completed = ids.filter((_, index) => index % 2 === 0);
    for (const id of completed) await subject.write(id, { head: { status: 'COMPLETED' } });
    const sagas = await allPages(subject, { status: 'COMPLETED', limit: 3 });
    expect(sagas.map(({ id }) => id).toSorted()).toEqual(completed.toSorted());
  });

  it.each(titled(['käse-🧀', "o'clock", 'a/b?c=d&e#f', '100%', '"', '\\', ' ', 'x'.repeat(255)]))(
    'leads on from a saga with the id %s',
    async (_, id) => {
      await subject.create({ id: 'first' });
      await subject.advance(1000);
      await subject.create({ id });
      const page = await subject.storage.find({ limit: 1 });
      expect(page.items).toMatchObject([{ id }]);
      expect(page.next).toMatch(/^[\w.~-]+$/);
      expect(await subject.storage.find({ limit: 1, after: page.next })).toMatchObject({ items: [{ id: 'first' }] });
    },
  );

  it.each(
    titled([
      '',
      ' ',
      'nonsense',
      '0',
      '-1',
      'null',
      "'; DROP TABLE sagas; --",
      '{"createdAt":1,"id":"a"}',
      '🧀',
      'A'.repeat(100_000),
      base64url('[]'),
      base64url('[1]'),
      base64url('[1,"a","b"]'),
      base64url('["1","a"]'),
      base64url('[1,2]'),
      base64url('[1e300,"a"]'),
      base64url('[1.5,"a"]'),
      base64url('{"__proto__":null}'),
    ]),
  )('refuses the cursor %s', async (_, after) => {
    await createMany(3);
    await expect(subject.storage.find({ after })).rejects.toMatchObject({ code: 'SAGA_INVALID_QUERY' });
  });
}

/** Everything that a query finds, page by page. */
async function allPages(subject: StorageUnderTest, query: SagaQuery): Promise<SagaSummary[]> {
  const sagas: SagaSummary[] = [];
  let page = await subject.storage.find(query);
  while (page.next !== undefined) {
    expect(page.items).toHaveLength(query.limit ?? 50);
    expect(sagas).not.toContainEqual(page.items[0]);
    sagas.push(...page.items);
    page = await subject.storage.find({ ...query, after: page.next });
  }
  return [...sagas, ...page.items];
}

/** The order of pages. The ids here are ASCII, which every storage puts in the same order. */
function newestFirst(one: SagaSummary, other: SagaSummary): number {
  const later = other.createdAt.getTime() - one.createdAt.getTime();
  return later !== 0 ? later : one.id < other.id ? 1 : -1;
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
