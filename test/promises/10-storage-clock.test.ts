import { afterEach, describe, expect, it } from '@jest/globals';
import { saga } from '../e2e/application.js';
import { hang, refuse } from '../e2e/behaviours.js';
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
      const S = saga(
        'S',
        [world.step('a', { options: { retry: { retryCount: 2 } } }), world.step('b', { act: refuse })],
        {
          deadline: HOUR,
        },
      );
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      const [{ at } = { at: new Date(0) }] = await world.storage.history('s');
      expect(Math.abs(at.getTime() + ms - Date.now())).toBeLessThan(60_000);
    });
  });
});
