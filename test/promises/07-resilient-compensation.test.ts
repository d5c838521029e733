import { describe, expect, it } from '@jest/globals';
import { saga, type ApplicationOptions, type Behaviour, type SagaType } from '../e2e/application.js';
import { failing, hang, refuse } from '../e2e/behaviours.js';
import { onEachStorage } from '../e2e/world.js';

const HOUR = 3_600_000;

describe('Compensation is resilient: retryCount attempts in all, with growing delays; a crash neither forgets nor restarts them', () => {
  onEachStorage((world) => {
    const plan = ({ compensate, options }: Behaviour) =>
      saga('S', [
        world.step('a', { ...(compensate && { compensate }), ...(options && { options }) }),
        world.step('b', { act: refuse }),
      ]);

    async function delays(id: string): Promise<(number | undefined)[]> {
      const log = await world.storage.history(id);
      return log.flatMap((entry) =>
        entry.event === 'failed' && entry.step === 'a' && entry.phase === 'compensate' ? [entry.retryIn] : [],
      );
    }

    /** A process that dies after each attempt, and another one that goes on when the next attempt is due. */
    async function failAndDie(type: SagaType, options: ApplicationOptions): Promise<void> {
      const first = await world.start([type], options);
      await first.runner.start(type, {}, { id: 's' });
      await world.logged('s', 'failed -a');
      await first.crash();
      await world.advance(HOUR);

      const second = await world.start([type], options);
      await world.logged('s', 'failed -a', 2);
      await second.crash();
      await world.advance(HOUR);

      // The next round is far away: else a slow machine looks when it has begun.
      await world.start([type], { ...options, recovery: { interval: HOUR } });
      await world.status('s', 'COMPENSATION_FAILED');
    }

    it('tries three times by default, 1,000 and 2,000 ms apart, and counts on after each crash', async () => {
      await failAndDie(plan({ compensate: refuse }), { compensation: {} });
      expect(await delays('s')).toEqual([1000, 2000, undefined]);
    });

    it('goes by the options of the step, then of the saga, then of the module', async () => {
      const S = saga(
        'S',
        [
          world.step('a', { compensate: refuse, options: { compensation: { retryCount: 4 } } }),
          world.step('b', { act: refuse }),
        ],
        { compensation: { retryCount: 9, retryBackoff: 3 } },
      );
      const { runner } = await world.start([S], {
        compensation: { retryDelay: 2, retryBackoff: 9, maxRetryDelay: 15 },
      });
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      expect(await delays('s')).toEqual([2, 6, 15, undefined]);
    });

    it('ends the retries when one of them succeeds', async () => {
      const S = plan({ compensate: failing(2) });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      await world.status('s', 'FAILED');
      expect(world.effects.count('-a')).toBe(3);
    });

    it('waits for the stored due time after a crash', async () => {
      const options = { compensation: { retryDelay: HOUR, maxRetryDelay: HOUR } };
      const S = plan({ compensate: refuse, options });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.logged('s', 'failed -a');
      await first.crash();

      const second = await world.start([plan({ compensate: refuse, options })], { recovery: { enabled: false } });
      expect(await second.runner.recover('s')).toMatchObject({ status: 'COMPENSATING' });
      expect(world.effects.count('-a')).toBe(1);
    });

    it('does not count an attempt that a crash interrupted', async () => {
      const S = plan({ compensate: hang });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('-a');
      await first.crash();

      await world.start([plan({ compensate: failing(2) })]);
      await world.status('s', 'FAILED');
      expect(world.effects.count('-a')).toBe(4);
    });

    it('takes a compensation that takes too long for one that failed, and tells it so', async () => {
      const signals: AbortSignal[] = [];
      const S = plan({
        compensate: (_, __, { signal, attempt }) => {
          signals.push(signal);
          return attempt === 1 ? hang() : undefined;
        },
        options: { compensation: { timeout: 20 } },
      });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      await world.status('s', 'FAILED');
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    });
  });
});
