import { describe, expect, it } from '@jest/globals';
import { saga, type Behaviour } from '../e2e/application.js';
import { hang, refuse } from '../e2e/behaviours.js';
import { onEachStorage } from '../e2e/world.js';

describe('Nothing twice that is known to be done: a completed step is never acted again, a compensated one never compensated again', () => {
  onEachStorage((world) => {
    const plan = (c: Behaviour = {}, a: Behaviour = {}) =>
      saga('S', [world.step('a', a), world.step('b'), world.step('c', c)]);

    it('acts no completed step again after a crash', async () => {
      const S = plan({ act: hang });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('c');
      await first.crash();

      await world.start([plan()]);
      await world.status('s', 'COMPLETED');
      expect(world.effects.log).toEqual(['a', 'b', 'c', 'c']);
    });

    it('compensates no compensated step again after a crash', async () => {
      const S = plan({ act: refuse }, { compensate: hang });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('-a');
      await first.crash();

      await world.start([plan()]);
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', 'b', 'c', '-b', '-a', '-a']);
    });

    it('compensates no compensated step again in further rounds', async () => {
      const S = plan({ act: refuse }, { compensate: refuse });
      const { runner } = await world.start([S], { recovery: { interval: 10, maxAttempts: 3 } });
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      await world.seen('-a', 9);
      expect(world.effects.count('-b')).toBe(1);
    });

    it('does nothing to a finished saga that is recovered, however often', async () => {
      const S = plan();
      const { runner } = await world.start([S]);
      await runner.run(S, {}, { id: 's' });
      expect(await Promise.all([runner.recover('s'), runner.recover('s'), runner.recoverAll()])).toEqual([
        { id: 's', status: 'COMPLETED' },
        { id: 's', status: 'COMPLETED' },
        { sagas: [] },
      ]);
      expect(world.effects.log).toEqual(['a', 'b', 'c']);
    });

    it('lets one of many recoveries at once do the rest', async () => {
      const S = plan({ act: hang });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('c');
      await first.crash();

      const others = await Promise.all([1, 2, 3].map(() => world.start([plan()], { recovery: { enabled: false } })));
      await Promise.all(
        others.flatMap(({ runner }) => [runner.recover('s'), runner.recoverAll(), runner.recover('s')]),
      );
      await world.status('s', 'COMPLETED');
      expect(world.effects.log).toEqual(['a', 'b', 'c', 'c']);
    });
  });
});
