import { describe, expect, it } from '@jest/globals';
import { ConflictException } from '@nestjs/common';
import { NonRetryableError } from '../../lib/index.js';
import { saga, type Behaviour } from './application.js';
import { failing, hang, refuse } from './behaviours.js';
import { onEachStorage } from './world.js';

const HOUR = 3_600_000;

describe('retries of act', () => {
  onEachStorage((world) => {
    const plan = (b: Behaviour) => saga('S', [world.step('a'), world.step('b', b)]);

    async function delays(): Promise<(number | undefined)[]> {
      const log = await world.storage.history('s');
      return log.flatMap((entry) => (entry.event === 'failed' && entry.step === 'b' ? [entry.retryIn] : []));
    }

    it('are as many as the step says, at growing and capped delays', async () => {
      const retry = { retryCount: 5, retryDelay: 1, retryBackoff: 3, maxRetryDelay: 20 };
      const S = plan({ act: refuse, options: { retry } });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      expect(await delays()).toEqual([1, 3, 9, 20, undefined]);
    });

    it('are none by default', async () => {
      const S = plan({ act: refuse });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'b', '-a']);
    });

    it('end where the error says that they cannot help, or retryIf does', async () => {
      const fail = (): never => {
        throw new NonRetryableError('the card was stolen');
      };
      const retryIf = (error: unknown): boolean => !(error instanceof ConflictException);
      const retry = { retryCount: 5, retryDelay: 1 };
      const S = plan({ act: fail, options: { retry } });
      const T = saga('T', [world.step('t', { act: refuse, options: { retry: { ...retry, retryIf } } })]);
      const { runner } = await world.start([S, T]);
      await expect(runner.run(S, {})).rejects.toThrow('the card was stolen');
      await expect(runner.run(T, {})).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'b', '-a', 't']);
    });

    it('vary by the jitter', async () => {
      const S = plan({ act: refuse, options: { retry: { retryCount: 2, retryDelay: 40, jitter: 0.5 } } });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      const [delay] = await delays();
      expect(delay).toBeGreaterThanOrEqual(20);
      expect(delay).toBeLessThanOrEqual(40);
    });

    it('count on after a crash, and are made when they are due', async () => {
      const options = { retry: { retryCount: 3, retryDelay: HOUR, maxRetryDelay: HOUR } };
      const S = plan({ act: refuse, options });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.logged('s', 'failed b');
      await first.crash();

      const early = await world.start([plan({ act: refuse, options })], { recovery: { enabled: false } });
      expect(await early.runner.recover('s')).toEqual({ id: 's', status: 'RUNNING' });
      expect(world.effects.count('b')).toBe(1);
      await early.crash();
      await world.advance(HOUR);

      const second = await world.start([plan({ act: refuse, options })]);
      await world.logged('s', 'failed b', 2);
      await second.crash();
      await world.advance(HOUR);

      await world.start([plan({ act: refuse, options })]);
      await world.status('s', 'FAILED');
      expect(await delays()).toEqual([HOUR, HOUR, undefined]);
    });

    it('do not count an attempt that a crash interrupted', async () => {
      const options = { retry: { retryCount: 2, retryDelay: 1 } };
      const S = plan({ act: hang, options });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('b');
      await first.crash();
      await world.start([plan({ act: failing(1), options })]);
      await world.status('s', 'COMPLETED');
      expect(world.effects.count('b')).toBe(3);
    });

    it('fold the same from a long log, which carries snapshots', async () => {
      const options = { kind: 'pivot', retry: { retryCount: 1_000, retryDelay: 1, maxRetryDelay: 1 } } as const;
      const act = (fails: number): Behaviour => {
        const fail = failing(fails);
        return { act: (_, { attempt }) => (attempt > fails ? hang() : fail()), options };
      };
      const S = saga('S', [world.step('a', { act: () => 'receipt' }), world.step('p', act(100))]);
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('p', 101);
      await first.crash();

      const loaded = await world.storage.load('s');
      expect(loaded?.snapshot).toBeDefined();
      expect(loaded!.entries.length).toBeLessThan(150);
      const { runner } = await world.start([saga('S', [world.step('a'), world.step('p', { options })])]);
      const handle = await runner.get('s');
      await handle.result();
      expect((await handle.record()).steps).toMatchObject([
        { name: 'a', state: 'completed', attempts: { act: 1 } },
        { name: 'p', state: 'completed', attempts: { act: 102 } },
      ]);
      expect(await handle.history()).toHaveLength(1 + 2 + 101 + 100 + 2 + 2);
    });
  });
});

describe('late effects', () => {
  onEachStorage((world) => {
    it('are waited for: an act that was in flight when its process died is compensated when its timeout is over', async () => {
      const plan = () => saga('S', [world.step('a', { act: hang, options: { timeout: HOUR } })]);
      const S = plan();
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('a');
      await first.crash();

      const second = await world.start([plan()], { recovery: { enabled: false } });
      await (await second.runner.get('s')).cancel();
      await world.logged('s', 'cancelled');
      expect(world.effects.log).toEqual(['a']);
      await second.crash();
      await world.advance(HOUR);

      await world.start([plan()]);
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', '-a']);
    });
  });
});
