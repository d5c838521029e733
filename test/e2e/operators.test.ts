import { describe, expect, it } from '@jest/globals';
import { RequestRefusedError, SagaNotFoundError, type LogEntry } from '../../lib/index.js';
import { saga, type Behaviour } from './application.js';
import { hang, refuse } from './behaviours.js';
import { Gate } from './eventually.js';
import { onEachStorage, type Process } from './world.js';

const ONE_ROUND = { recovery: { interval: 3_600_000 } };

describe('operators', () => {
  onEachStorage((world) => {
    const plan = (b: Behaviour = {}) => saga('S', [world.step('a'), world.step('b', b), world.step('c')]);
    const failing = (open: () => boolean) =>
      saga('S', [
        world.step('a', { compensate: () => (open() ? undefined : refuse()) }),
        world.step('b', { act: refuse }),
      ]);

    /** The process that owns the saga, and one that only asks. */
    const askers: [string, (owner: Process, S: Parameters<typeof world.start>[0][number]) => Promise<Process>][] = [
      ['its own process', (owner) => Promise.resolve(owner)],
      ['another process', (_, S) => world.start([S], { recovery: { enabled: false } })],
    ];

    async function entries(event: LogEntry['event']): Promise<readonly LogEntry[]> {
      return (await world.storage.history('s')).filter((entry) => entry.event === event);
    }

    describe.each(askers)('asking from %s', (_, asking) => {
      it('cancels a saga: the step in flight ends, then all is undone', async () => {
        const gate = new Gate<string>();
        const results: unknown[] = [];
        const S = plan({ act: () => gate.passed, compensate: (_context, result) => void results.push(result) });
        const owner = await world.start([S], { lease: { duration: 600 } });
        const caller = owner.runner.run(S, {}, { id: 's' }).catch((error: unknown) => error);
        await world.seen('b');
        const handle = await (await asking(owner, S)).runner.get('s');
        const cancelled = handle.cancel({ reason: 'changed their mind', by: 'ada' });
        await world.requested('s');
        gate.open('receipt');
        await cancelled;
        expect(await caller).toMatchObject({
          code: 'SAGA_CANCELLED',
          message: expect.stringContaining('changed their mind'),
        });
        expect(world.effects.log).toEqual(['a', 'b', '-b', '-a']);
        expect(results).toEqual(['receipt']);
        expect(await entries('cancelled')).toMatchObject([{ reason: 'changed their mind', by: 'ada' }]);
      });

      it('cancels a saga that waits for a retry, without waiting for it', async () => {
        const S = plan({ act: refuse, options: { retry: { retryCount: 2, retryDelay: 3_600_000 } } });
        const owner = await world.start([S], { lease: { duration: 600 } });
        const handle = await owner.runner.start(S, {}, { id: 's' });
        await world.logged('s', 'failed b');
        const asker = await asking(owner, S);
        await (await asker.runner.get('s')).cancel();
        await expect(handle.result()).rejects.toMatchObject({ code: 'SAGA_CANCELLED' });
        expect(world.effects.log).toEqual(['a', 'b', '-a']);
      });

      it('cancels a saga by its id alone', async () => {
        const gate = new Gate();
        const S = plan({ act: () => gate.passed });
        const owner = await world.start([S], { lease: { duration: 600 } });
        const handle = await owner.runner.start(S, {}, { id: 's' });
        await world.seen('b');
        const asker = await asking(owner, S);
        const cancelled = asker.runner.cancel('s', { reason: 'changed their mind', by: 'ada' });
        await world.requested('s');
        gate.open();
        await cancelled;
        await expect(handle.result()).rejects.toMatchObject({ code: 'SAGA_CANCELLED' });
        expect(world.effects.log).toEqual(['a', 'b', '-b', '-a']);
        expect(await entries('cancelled')).toMatchObject([{ reason: 'changed their mind', by: 'ada' }]);
      });

      it('retries failed compensations at once', async () => {
        let open = false;
        const S = failing(() => open);
        const owner = await world.start([S], ONE_ROUND);
        await expect(owner.runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
        await world.status('s', 'COMPENSATION_FAILED');
        open = true;
        const asker = await asking(owner, S);
        await (await asker.runner.get('s')).retryCompensation({ by: 'ada' });
        await world.status('s', 'FAILED');
        expect(await entries('retried')).toMatchObject([{ by: 'ada' }]);
      });

      it('resolves a step, with a reason', async () => {
        const S = failing(() => false);
        const owner = await world.start([S], ONE_ROUND);
        await expect(owner.runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
        await world.status('s', 'COMPENSATION_FAILED');
        const asker = await asking(owner, S);
        await (await asker.runner.get('s')).resolve('a', { reason: 'by hand', by: 'ada' });
        await world.status('s', 'FAILED');
        expect(await entries('skipped')).toMatchObject([{ step: 'a', reason: 'by hand', by: 'ada' }]);
      });
    });

    it('serve a saga that nobody owns at once', async () => {
      const S = plan({ act: hang });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('b');
      await first.crash();
      const { runner } = await world.start([plan()], { recovery: { enabled: false } });
      await (await runner.get('s')).cancel();
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', 'b', '-b', '-a']);
    });

    it('are refused when the saga is finished', async () => {
      const S = plan();
      const { runner } = await world.start([S]);
      await runner.run(S, {}, { id: 's' });
      const handle = await runner.get('s');
      const before = await world.log('s');
      await expect(handle.cancel()).rejects.toThrow(RequestRefusedError);
      await expect(runner.cancel('s', 'too late')).rejects.toThrow(RequestRefusedError);
      await expect(handle.retryCompensation()).rejects.toThrow(RequestRefusedError);
      await expect(handle.resolve('a', { reason: '?' })).rejects.toThrow(RequestRefusedError);
      expect(await world.log('s')).toEqual(before);
    });

    it('are refused, and that is logged, when the saga goes back already', async () => {
      const gate = new Gate();
      const S = saga('S', [world.step('a', { compensate: () => gate.passed }), world.step('b', { act: refuse })]);
      const { runner } = await world.start([S]);
      const handle = await runner.start(S, {}, { id: 's' });
      await world.seen('-a');
      const refused = expect(handle.cancel()).rejects.toMatchObject({
        code: 'SAGA_REQUEST_REFUSED',
        message: expect.stringContaining('COMPENSATING'),
      });
      await world.requested('s');
      gate.open();
      await refused;
      expect(await entries('refused')).toHaveLength(1);
      await world.status('s', 'FAILED');
    });

    it('are refused when the saga cannot be read, instead of being tried for ever', async () => {
      const S = plan({ act: hang });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('b');
      await first.crash();
      await world.corrupt('s', 'damaged');
      const { runner } = await world.start([plan()]);
      await world.held('s', 'unreadable');
      await expect((await runner.get('s')).cancel()).rejects.toThrow(RequestRefusedError);
      await world.held('s', 'unreadable');
    });

    it('accept one of many cancels at once, and answer all of them', async () => {
      const gate = new Gate();
      const S = plan({ act: () => gate.passed });
      const { runner } = await world.start([S]);
      const handle = await runner.start(S, {}, { id: 's' });
      await world.seen('b');
      const answers = Promise.allSettled(Array.from({ length: 5 }, () => handle.cancel()));
      await world.requested('s', 5);
      gate.open();
      expect((await answers).map(({ status }) => status).toSorted()).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'rejected',
        'rejected',
      ]);
      await world.status('s', 'FAILED');
    });

    it('learn that there is no such saga', async () => {
      const S = plan();
      const { runner } = await world.start([S]);
      await expect(runner.cancel('s')).rejects.toThrow(SagaNotFoundError);
      await runner.run(S, {}, { id: 's' });
      const handle = await runner.get('s');
      await world.advance(1_000);
      await world.storage.prune({ olderThan: 1 });
      await expect(handle.cancel()).rejects.toThrow(SagaNotFoundError);
    });
  });
});
