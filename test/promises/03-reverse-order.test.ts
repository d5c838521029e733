import { describe, expect, it } from '@jest/globals';
import { fallback } from '../../lib/index.js';
import { saga } from '../e2e/application.js';
import { failing, hang, refuse } from '../e2e/behaviours.js';
import { Gate } from '../e2e/eventually.js';
import { onEachStorage } from '../e2e/world.js';

describe('Reverse order: compensations run last-acted-first, one at a time', () => {
  onEachStorage((world) => {
    it('undoes the last step first', async () => {
      const S = saga('S', [
        world.step('a'),
        world.step('b'),
        world.step('c'),
        world.step('d'),
        world.step('e', { act: refuse }),
      ]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow('refused');
      expect(world.effects.log.slice(5)).toEqual(['-d', '-c', '-b', '-a']);
    });

    it('waits for each compensation before the next one', async () => {
      const gate = new Gate();
      const S = saga('S', [
        world.step('a'),
        world.step('b', {
          compensate: async () => {
            await gate.passed;
            world.effects.note('-b ended');
          },
        }),
        world.step('c', { act: refuse }),
      ]);
      const { runner } = await world.start([S]);
      const running = runner.run(S, {});
      await world.seen('-b');
      gate.open();
      await expect(running).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'b', 'c', '-b', '-b ended', '-a']);
    });

    it('waits for the retries of a compensation before the next one', async () => {
      const S = saga('S', [
        world.step('a'),
        world.step('b', { compensate: failing(2) }),
        world.step('c', { act: refuse }),
      ]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'b', 'c', '-b', '-b', '-b', '-a']);
    });

    it('counts a step from its first attempt', async () => {
      const S = saga('S', [
        world.step('a', { act: failing(1), options: { retry: { retryCount: 2, retryDelay: 1 } } }),
        world.step('b'),
        world.step('c', { act: refuse }),
      ]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'a', 'b', 'c', '-b', '-a']);
    });

    it('holds across processes', async () => {
      const plan = (compensate?: () => unknown) =>
        saga('S', [
          world.step('a'),
          fallback(world.step('b', { act: refuse }), world.step('b2')),
          world.step('c', { ...(compensate && { compensate }) }),
          world.step('d', { act: refuse }),
        ]);
      const S = plan(hang);
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('-c');
      await first.crash();

      await world.start([plan()]);
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', 'b', 'b2', 'c', 'd', '-c', '-c', '-b2', '-a']);
    });
  });
});
