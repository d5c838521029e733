import { describe, expect, it } from '@jest/globals';
import { SagaInterruptedError } from '../../lib/index.js';
import { saga } from './application.js';
import { refuse } from './behaviours.js';
import { inMemory } from './world.js';

const LEASE = 1_000;

/** A process that is stopped, starved or collecting garbage notices that its lease is over only when it runs again: no timer comes first. */
describe('a process that stands still until its lease is over', () => {
  inMemory((world) => {
    const plan = () => saga('S', [world.step('a'), world.step('b', { act: refuse })]);

    it.each([
      { called: 'the first act', write: 1, started: 'started a', before: [] },
      { called: 'a later act', write: 2, started: 'started b', before: ['a'] },
      { called: 'a compensation', write: 3, started: 'started -a', before: ['a', 'b'] },
    ])('does not call $called that it has logged as started', async ({ write, started, before }) => {
      const S = plan();
      const { runner, line } = await world.start([S], { lease: { duration: LEASE } });
      line.standStillAfter(write, LEASE);
      const error = await runner.run(S, {}, { id: 's' }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SagaInterruptedError);
      expect(error).toMatchObject({ reason: 'lease-lost' });
      expect(world.effects.log).toEqual(before);
      expect((await world.log('s')).at(-1)).toBe(started);
    });

    it('takes a new id, and what it had takes up under that', async () => {
      const S = plan();
      const { runner, line } = await world.start([S], { lease: { duration: LEASE } });
      line.standStillAfter(1, LEASE);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toBeInstanceOf(SagaInterruptedError);
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', 'b', '-a']);

      const [lost, renewed, ...others] = line.registered;
      expect(others).toEqual([]);
      const log = await world.storage.history('s');
      expect(log.slice(0, 4)).toMatchObject([
        { event: 'created', worker: lost },
        { event: 'started', step: 'a', attempt: 1, worker: lost },
        { event: 'claimed', worker: renewed },
        { event: 'started', step: 'a', attempt: 2, worker: renewed },
      ]);
    });
  });
});
