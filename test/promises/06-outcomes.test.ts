import { describe, expect, it } from '@jest/globals';
import { OutcomeUnknownError, StepTimeoutError, type ActOutcome } from '../../lib/index.js';
import { saga, type Behaviour } from '../e2e/application.js';
import { hang, refuse } from '../e2e/behaviours.js';
import { onEachStorage } from '../e2e/world.js';

describe('A failed act is not compensated, an unknown one is', () => {
  onEachStorage((world) => {
    const outcomes: (ActOutcome | undefined)[] = [];
    const plan = (b: Behaviour) =>
      saga('S', [
        world.step('a'),
        world.step('b', { compensate: (_, __, { outcome }) => void outcomes.push(outcome), ...b }),
      ]);

    async function runs(b: Behaviour): Promise<unknown> {
      outcomes.length = 0;
      const S = plan(b);
      const { runner } = await world.start([S]);
      return runner.run(S, {}, { id: 's' });
    }

    it('compensates no act that threw: it did not happen', async () => {
      await expect(runs({ act: refuse })).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'b', '-a']);
    });

    it('compensates an act that threw where its step can fail half-way', async () => {
      await expect(runs({ act: refuse, options: { compensateOnFailure: true } })).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'b', '-b', '-a']);
      expect(outcomes).toEqual(['failed']);
    });

    it('compensates an act that timed out', async () => {
      await expect(runs({ act: hang, options: { timeout: 10 } })).rejects.toThrow(StepTimeoutError);
      expect(world.effects.log).toEqual(['a', 'b', '-b', '-a']);
      expect(outcomes).toEqual(['unknown']);
    });

    it('compensates an act that said that it does not know', async () => {
      const act = (): never => {
        throw new OutcomeUnknownError('no answer from the bank');
      };
      await expect(runs({ act })).rejects.toThrow('no answer from the bank');
      expect(world.effects.log).toEqual(['a', 'b', '-b', '-a']);
      expect(outcomes).toEqual(['unknown']);
    });

    it('compensates an act whose first attempt timed out, whatever the second one threw', async () => {
      const act = (_: unknown, { attempt }: { attempt: number }): unknown => (attempt === 1 ? hang() : refuse());
      await expect(runs({ act, options: { timeout: 10, retry: { retryCount: 2, retryDelay: 1 } } })).rejects.toThrow(
        'refused',
      );
      expect(world.effects.log).toEqual(['a', 'b', 'b', '-b', '-a']);
      expect(outcomes).toEqual(['unknown']);
    });

    it('compensates an act that was in flight when its process died, and threw when it was acted again', async () => {
      const S = plan({ act: hang });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('b');
      await first.crash();

      outcomes.length = 0;
      await world.start([plan({ act: refuse })]);
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', 'b', 'b', '-b', '-a']);
      expect(outcomes).toEqual(['unknown']);
    });

    it('compensates no step that only reads, whatever became of it', async () => {
      const S = saga('S', [world.step('a', { options: { kind: 'readonly' } }), world.step('b', { act: refuse })]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'b']);
      expect(await world.log('s')).toEqual(['created', 'started a', 'completed a', 'started b', 'failed b', 'failed']);
    });
  });
});
