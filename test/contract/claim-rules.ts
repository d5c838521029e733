import { describe, expect, it } from '@jest/globals';
import type { HeldCode, SagaStatus } from 'nest-saga';
import { ORDER_SAGA, times, type StorageUnderTest } from './storage-under-test.js';

const UNFINISHED = [
  'PENDING',
  'RUNNING',
  'COMPENSATING',
  'COMPENSATION_FAILED',
] as const satisfies readonly SagaStatus[];
const FINAL = ['COMPLETED', 'FAILED'] as const satisfies readonly SagaStatus[];
const HELD_CODES: readonly HeldCode[] = [
  'definition-changed',
  'handler-missing',
  'unreadable',
  'unstorable-result',
  'attempts-exhausted',
];

const isForLackOfCode = (code: HeldCode): boolean => code === 'definition-changed' || code === 'handler-missing';

/** The rules of `ClaimQuery`, one by one: which sagas a claim may take. */
export function describeClaimRules(subject: StorageUnderTest): void {
  describe('every claim', () => {
    it.each(UNFINISHED)('takes %s sagas', async (status) => {
      await subject.createWith({ status });
      expect(await subject.claimedIds()).toEqual(['saga-1']);
    });

    it.each(FINAL)('leaves %s sagas, whatever is asked', async (status) => {
      await subject.create();
      await subject.request();
      await subject.write('saga-1', { head: { status } });
      expect(await subject.claimedIds()).toEqual([]);
      expect(await subject.claimedIds({ ids: ['saga-1'], ignoreDue: true, goneWorkers: ['w1'] })).toEqual([]);
    });

    it('leaves sagas of a name that the claimer does not know, whatever is asked', async () => {
      await subject.create();
      await subject.request();
      const definitions = [{ name: 'OtherSaga', planHash: ORDER_SAGA.planHash }];
      expect(await subject.claimedIds({ definitions })).toEqual([]);
      expect(await subject.claimedIds({ definitions, ids: ['saga-1'], ignoreDue: true })).toEqual([]);
      expect(await subject.claimedIds({ definitions: [] })).toEqual([]);
    });

    it('takes sagas of every definition that it knows', async () => {
      for (const name of ['A', 'B', 'C']) await subject.create({ id: name, name, planHash: `hash of ${name}` });
      const definitions = ['A', 'C'].map((name) => ({ name, planHash: `hash of ${name}` }));
      expect((await subject.claimedIds({ definitions })).toSorted()).toEqual(['A', 'C']);
    });

    it('leaves sagas of a live worker, whatever is asked', async () => {
      await subject.register('w1');
      await subject.create({ worker: 'w1' });
      await subject.request();
      expect(await subject.claimedIds()).toEqual([]);
      expect(await subject.claimedIds({ ids: ['saga-1'], ignoreDue: true })).toEqual([]);
    });

    it('leaves the sagas that the claimer runs itself', async () => {
      await subject.register('w2');
      await subject.create({ worker: 'w2' });
      expect(await subject.claimedIds({ worker: 'w2' })).toEqual([]);
    });

    it('takes sagas whose worker let its lease expire', async () => {
      await subject.register('w1', 10_000);
      await subject.create({ worker: 'w1' });
      expect(await subject.claimedIds()).toEqual([]);
      await subject.advance(20_000);
      expect(await subject.claimedIds()).toEqual(['saga-1']);
    });

    it('takes sagas whose worker gave its lease up', async () => {
      await subject.register('w1');
      await subject.create({ worker: 'w1' });
      await subject.storage.release('w1');
      expect(await subject.claimedIds()).toEqual(['saga-1']);
    });

    it('takes sagas of workers that are named as gone, and only theirs', async () => {
      for (const worker of ['w5', 'w6', 'w7']) {
        await subject.register(worker);
        await subject.create({ id: `saga of ${worker}`, worker });
      }
      const taken = await subject.claimedIds({ goneWorkers: ['w5', 'w7', 'nobody'] });
      expect(taken.toSorted()).toEqual(['saga of w5', 'saga of w7']);
    });

    it('takes sagas that have no worker', async () => {
      await subject.create({ status: 'PENDING', worker: undefined });
      expect(await subject.claimedIds()).toEqual(['saga-1']);
    });
  });

  describe('rule 1: an operator has asked', () => {
    it.each(HELD_CODES)('takes a saga with a request although it is parked as %s', async (code) => {
      await subject.createWith({ heldReason: { code, message: 'm' }, worker: null }, { planHash: 'older' });
      expect(await subject.claimedIds()).toEqual([]);
      await subject.request();
      expect(await subject.claimedIds()).toEqual(['saga-1']);
    });

    it('takes a saga with a request although it is not due', async () => {
      await subject.createWith({ dueIn: 60_000 });
      await subject.request();
      expect(await subject.claimedIds()).toEqual(['saga-1']);
    });

    it('takes a saga for its own request only, and only until it is answered', async () => {
      await subject.createWith({ dueIn: 60_000 }, { id: 'asked' });
      await subject.createWith({ dueIn: 60_000 }, { id: 'not asked' });
      await subject.request({ sagaId: 'asked' });
      const [claimed] = await subject.claim();
      expect(claimed?.record.id).toBe('asked');
      const entries = [{ event: 'refused', request: 'request-1', why: 'Too late.' }] as const;
      await subject.storage.transition(subject.next(claimed!, { entries, head: { dueIn: 60_000 } }));
      expect(await subject.claimedIds({ worker: 'w3' })).toEqual([]);
    });
  });

  describe('rule 2: the claimer names sagas', () => {
    it('takes those, and no others', async () => {
      for (const id of ['a', 'b', 'c', 'd']) await subject.create({ id });
      await subject.request({ sagaId: 'd' });
      expect((await subject.claimedIds({ ids: ['a', 'c', 'unknown'] })).toSorted()).toEqual(['a', 'c']);
      expect(await subject.claimedIds({ ids: [] })).toEqual([]);
    });

    it.each(HELD_CODES)('takes a saga that is parked as %s', async (code) => {
      await subject.createWith({ heldReason: { code, message: 'm' } }, { planHash: 'older' });
      expect(await subject.claimedIds({ ids: ['saga-1'] })).toEqual(['saga-1']);
    });

    it('takes a saga that is not due', async () => {
      await subject.createWith({ dueIn: 60_000 });
      expect(await subject.claimedIds({ ids: ['saga-1'] })).toEqual(['saga-1']);
    });

    it('takes two hundred by name', async () => {
      const ids = times(200, (index) => `saga-${index}`);
      await Promise.all(ids.map((id) => subject.create({ id })));
      expect((await subject.claimedIds({ ids, limit: 200 })).toSorted()).toEqual(ids.toSorted());
    });
  });

  describe('rule 3: it is due', () => {
    it('takes a saga when its due time has come, and not before', async () => {
      await subject.createWith({ dueIn: 30_000 });
      expect(await subject.claimedIds()).toEqual([]);
      await subject.advance(20_000);
      expect(await subject.claimedIds()).toEqual([]);
      await subject.advance(20_000);
      expect(await subject.claimedIds()).toEqual(['saga-1']);
    });

    it('takes a saga before it is due when it is told to', async () => {
      await subject.createWith({ dueIn: 30_000 });
      expect(await subject.claimedIds({ ignoreDue: true })).toEqual(['saga-1']);
    });

    it.each(HELD_CODES)('leaves a saga that is parked as %s, due or not', async (code) => {
      await subject.createWith({ heldReason: { code, message: 'm' }, dueIn: 1000 }, { planHash: 'older' });
      await subject.advance(10_000);
      expect(await subject.claimedIds()).toEqual([]);
      expect(await subject.claimedIds({ ignoreDue: true })).toEqual([]);
    });

    it('takes a saga of a known name although its plan is another', async () => {
      await subject.create({ planHash: 'older' });
      expect(await subject.claimedIds()).toEqual(['saga-1']);
    });
  });

  describe('rule 4: its definition is back', () => {
    it.each(HELD_CODES)('takes a saga of a known plan only if it is parked for lack of its code: %s', async (code) => {
      await subject.createWith({ heldReason: { code, message: 'm' }, worker: null });
      expect(await subject.claimedIds()).toEqual(isForLackOfCode(code) ? ['saga-1'] : []);
    });

    it.each(HELD_CODES.filter(isForLackOfCode))('needs the plan as well as the name: %s', async (code) => {
      const heldReason = { code, message: 'm' };
      await subject.createWith({ heldReason }, { planHash: 'older' });
      expect(await subject.claimedIds()).toEqual([]);
      expect(await subject.claimedIds({ definitions: [ORDER_SAGA, { ...ORDER_SAGA, planHash: 'older' }] })).toEqual([
        'saga-1',
      ]);
    });

    it('leaves it to its worker while that one lives', async () => {
      await subject.register('w1');
      await subject.createWith({ heldReason: { code: 'definition-changed', message: 'm' } }, { worker: 'w1' });
      expect(await subject.claimedIds()).toEqual([]);
    });
  });
}
