import { describe, expect, it } from '@jest/globals';
import { saga } from '../e2e/application.js';
import { refuse } from '../e2e/behaviours.js';
import { eventually } from '../e2e/eventually.js';
import { onEachStorage } from '../e2e/world.js';

describe('Durable before doing: a transition that says "about to" is committed before the thing is done', () => {
  onEachStorage((world) => {
    it('stores the saga and the start of its first step before that step acts', async () => {
      let stored: readonly string[] = [];
      const S = saga('S', [world.step('a', { act: async (_, { sagaId }) => void (stored = await world.log(sagaId)) })]);
      const { runner } = await world.start([S]);
      await runner.run(S, {});
      expect(stored).toEqual(['created', 'started a']);
    });

    it('stores the start of each further step, with the end of the one before it, before it acts', async () => {
      let stored: readonly string[] = [];
      const S = saga('S', [
        world.step('a'),
        world.step('b', { act: async (_, { sagaId }) => void (stored = await world.log(sagaId)) }),
      ]);
      const { runner } = await world.start([S]);
      await runner.run(S, {});
      expect(stored).toEqual(['created', 'started a', 'completed a', 'started b']);
    });

    it('stores each further attempt before it acts', async () => {
      const stored: string[][] = [];
      const S = saga('S', [
        world.step('a', {
          act: async (_, { sagaId, attempt }) => {
            stored.push(await world.log(sagaId));
            if (attempt === 1) refuse();
          },
          options: { retry: { retryCount: 2, retryDelay: 1 } },
        }),
      ]);
      const { runner } = await world.start([S]);
      await runner.run(S, {});
      expect(stored.at(-1)).toEqual(['created', 'started a', 'failed a', 'started a']);
    });

    it('stores that it turned back, and the start of each compensation, before anything is compensated', async () => {
      const stored: string[][] = [];
      const look = async (sagaId: string): Promise<void> => void stored.push((await world.log(sagaId)).slice(5));
      const S = saga('S', [
        world.step('a', { compensate: (_, __, { sagaId }) => look(sagaId) }),
        world.step('b', { compensate: (_, __, { sagaId }) => look(sagaId) }),
        world.step('c', { act: refuse }),
      ]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow('refused');
      expect(stored).toEqual([
        ['started c', 'failed c', 'compensating', 'started -b'],
        ['started c', 'failed c', 'compensating', 'started -b', 'completed -b', 'started -a'],
      ]);
    });

    it('does nothing when that write does not arrive', async () => {
      const S = saga('S', [world.step('a'), world.step('b')]);
      const { runner, line } = await world.start([S]);
      line.cutAt(2, 'before');
      await runner.start(S, {}, { id: 's' });
      await eventually(() => expect(line.isCut).toBe(true));
      expect(await world.log('s')).toEqual(['created', 'started a']);
      expect(world.effects.log).toEqual(['a']);
    });

    it('does nothing while it is not known whether that write arrived', async () => {
      const S = saga('S', [world.step('a'), world.step('b')]);
      const { runner, line } = await world.start([S]);
      line.cutAt(2, 'after');
      await runner.start(S, {}, { id: 's' });
      await eventually(async () => expect(await world.log('s')).toContain('started b'));
      expect(world.effects.log).toEqual(['a']);
    });
  });
});
