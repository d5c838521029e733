import { describe, expect, it } from '@jest/globals';
import { lastValueFrom, toArray, type Observable } from 'rxjs';
import { NonRetryableError, toMermaid, type SagaEvent } from '../../lib/index.js';
import { saga, type Behaviour } from './application.js';
import { failing, hang, refuse } from './behaviours.js';
import { Gate } from './eventually.js';
import { onEachStorage } from './world.js';

function all(events: Observable<SagaEvent>): Promise<SagaEvent[]> {
  return lastValueFrom(events.pipe(toArray()));
}

describe('watching', () => {
  onEachStorage((world) => {
    const plan = (b: Behaviour = {}) => saga('S', [world.step('a', { act: () => 'receipt' }), world.step('b', b)]);

    it('replays what has happened, with results, progress and the log’s seq', async () => {
      const S = plan();
      const { runner } = await world.start([S]);
      await runner.run(S, {}, { id: 's' });
      const events = await all(runner.watch('s'));
      expect(events).toMatchObject([
        { type: 'saga.started', seq: 1, progress: { done: 0, total: 2 } },
        { type: 'step.started', seq: 2, step: 'a', attempt: 1 },
        { type: 'step.completed', seq: 3, step: 'a', result: 'receipt', progress: { done: 1, total: 2 } },
        { type: 'step.started', seq: 4, step: 'b' },
        { type: 'step.completed', seq: 5, step: 'b', progress: { done: 2, total: 2 } },
        { type: 'saga.completed', seq: 6 },
      ]);
      for (const event of events) expect(event).toMatchObject({ sagaId: 's', saga: 'S', at: expect.any(Date) });
    });

    it('follows live behind what it has replayed, without a gap and without a repetition', async () => {
      const gate = new Gate();
      const S = plan({ act: () => gate.passed });
      const { runner } = await world.start([S]);
      await runner.start(S, {}, { id: 's' });
      await world.seen('b');
      const watched = all(runner.watch('s'));
      gate.open();
      expect((await watched).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    });

    it('follows a saga that another process runs, and that a third one finishes', async () => {
      const S = plan({ act: hang });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('b');
      await first.crash();
      const watcher = await world.start([plan()], { recovery: { enabled: false } });
      const watched = all(watcher.runner.watch('s'));
      await world.start([plan()]);
      expect((await watched).map(({ type }) => type)).toEqual([
        'saga.started',
        'step.started',
        'step.completed',
        'step.started',
        'step.started',
        'step.completed',
        'saga.completed',
      ]);
    });

    it('resumes behind `after`', async () => {
      const S = plan({ act: refuse });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      const whole = await all(runner.watch('s'));
      for (const { seq } of whole) {
        expect(await all(runner.watch('s', { after: seq }))).toEqual(whole.filter((event) => event.seq > seq));
      }
    });

    it('goes on over COMPENSATION_FAILED until the saga is final', async () => {
      let open = false;
      const compensate = (): void => {
        if (!open) throw new NonRetryableError('closed');
      };
      const S = saga('S', [world.step('a', { compensate }), world.step('b', { act: refuse })]);
      const { runner } = await world.start([S], { recovery: { interval: 3_600_000 } });
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      const watched = all(runner.watch('s'));
      open = true;
      await (await runner.get('s')).retryCompensation();
      expect((await watched).map(({ type }) => type).slice(-5)).toEqual([
        'step.compensation-failed',
        'saga.compensation-failed',
        'saga.compensating',
        'step.compensated',
        'saga.failed',
      ]);
    });

    it('tells who watches no stack', async () => {
      const S = plan({ act: refuse });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      const failed = (await all(runner.watch('s'))).find(({ type }) => type === 'step.failed');
      expect(failed).toMatchObject({ error: { message: 'refused', http: { status: 409 } }, outcome: 'failed' });
      expect(JSON.stringify(failed)).not.toContain('stack');
    });

    it('tells of an attempt that is made again by step.retrying, and of no failed step', async () => {
      const S = plan({ act: failing(1), options: { retry: { retryCount: 2, retryDelay: 7 } } });
      const { runner } = await world.start([S]);
      await runner.run(S, {}, { id: 's' });
      const events = await all(runner.watch('s'));
      expect(events.slice(3)).toMatchObject([
        { type: 'step.started', step: 'b', attempt: 1 },
        {
          type: 'step.retrying',
          seq: 5,
          step: 'b',
          attempt: 1,
          retryIn: 7,
          error: { message: 'refused', http: { status: 409 } },
          progress: { done: 1, total: 2 },
        },
        { type: 'step.started', step: 'b', attempt: 2 },
        { type: 'step.completed', step: 'b', attempt: 2, progress: { done: 2, total: 2 } },
        { type: 'saga.completed' },
      ]);
      expect(events[4]).not.toHaveProperty('outcome');
      expect(JSON.stringify(events[4])).not.toContain('stack');
    });

    it('ends with an error where the log is damaged', async () => {
      const S = plan({ act: hang });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('b');
      await first.crash();
      await world.corrupt('s', 'damaged');
      const { runner } = await world.start([plan()], { recovery: { enabled: false } });
      await expect((await runner.get('s')).result()).rejects.toMatchObject({ code: 'SAGA_UNREADABLE' });
      await expect(all(runner.watch('s'))).rejects.toMatchObject({ code: 'SAGA_UNREADABLE' });
    });

    it('draws a saga as it stands', async () => {
      const gate = new Gate();
      const S = plan({ act: () => gate.passed });
      const { runner } = await world.start([S]);
      const handle = await runner.start(S, {}, { id: 's' });
      await world.seen('b');
      const running = toMermaid(await handle.record());
      expect(running).toContain('class act1 completed');
      expect(running).toContain('class act2 running');
      gate.open();
      await handle.result();
      expect(toMermaid(await handle.record())).toContain('class act2 completed');
      expect(toMermaid(await handle.record(), { diagram: 'sequence' })).toContain('sequenceDiagram');
    });
  });
});
