import { afterEach, describe, expect, it } from '@jest/globals';
import { saga } from '../e2e/application.js';
import { failing, hang, refuse } from '../e2e/behaviours.js';
import { moveHostClock, setHostClockRight } from '../e2e/host-clock.js';
import { onEachStorage, onSqlite } from '../e2e/world.js';

const HOUR = 3_600_000;

describe("The storage's clock decides: leases, due times and retention go by it; host clocks may be wrong by hours", () => {
  afterEach(setHostClockRight);

  onEachStorage((world) => {
    it('ends a lease when its time is over in the storage, however little has passed here', async () => {
      const S = saga('S', [world.step('a', { act: hang })]);
      const first = await world.start([S], { lease: { duration: HOUR } });
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('a');
      first.line.cut();

      const { runner } = await world.start([S], { recovery: { enabled: false } });
      await world.advance(HOUR - 60_000);
      expect(await runner.recoverAll()).toEqual({ sagas: [] });
      await world.advance(60_000);
      void runner.recoverAll().catch(() => undefined);
      await world.seen('a', 2);
    });

    it('goes by it in retention', async () => {
      const S = saga('S', [world.step('a')]);
      const { runner } = await world.start([S]);
      await runner.run(S, {}, { id: 's' });
      expect(await world.storage.prune({ olderThan: HOUR })).toBe(0);
      await world.advance(HOUR + 1);
      expect(await world.storage.prune({ olderThan: HOUR })).toBe(1);
    });
  });

  onSqlite((world) => {
    it.each([-5 * HOUR, 5 * HOUR])('takes nobody for gone because the host clock is wrong by %d ms', async (ms) => {
      const S = saga('S', [world.step('a', { act: hang })]);
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('a');

      moveHostClock(ms);
      const { runner } = await world.start([S]);
      expect(await runner.recover('s')).toEqual({ id: 's', status: 'RUNNING' });
      expect(world.effects.log).toEqual(['a']);
    });

    it.each([-5 * HOUR, 5 * HOUR])('retries in time though the host clock is wrong by %d ms', async (ms) => {
      moveHostClock(ms);
      const retry = { retryCount: 2, retryDelay: 500 };
      const S = saga(
        'S',
        [world.step('a', { act: failing(1), options: { retry } }), world.step('b', { act: refuse })],
        {
          deadline: HOUR,
        },
      );
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'a', 'b', '-a']);
      const history = await world.storage.history('s');
      const failed = history.find(({ event }) => event === 'failed');
      const again = history.find((entry) => entry.event === 'started' && entry.attempt === 2);
      const waited = Number(again?.at) - Number(failed?.at);
      // Times are whole milliseconds.
      expect(waited).toBeGreaterThanOrEqual(499);
      expect(waited).toBeLessThan(5_000);
      expect(Math.abs(Number(failed?.at) + ms - Date.now())).toBeLessThan(60_000);
    });

    it.each([-5 * HOUR, 5 * HOUR])('retries in time though the host clock jumps by %d ms meanwhile', async (ms) => {
      const fail = failing(1);
      const act = (): void => {
        if (world.effects.count('a') === 1) moveHostClock(ms);
        fail();
      };
      const S = saga('S', [world.step('a', { act, options: { retry: { retryCount: 2, retryDelay: 500 } } })]);
      const { runner } = await world.start([S]);
      await runner.run(S, {}, { id: 's' });
      const history = await world.storage.history('s');
      const [first, second] = history.filter(({ event }) => event === 'started');
      const waited = Number(second?.at) - Number(first?.at);
      expect(waited).toBeGreaterThanOrEqual(499);
      expect(waited).toBeLessThan(5_000);
    });
  });
});
