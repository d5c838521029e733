import { describe, expect, it } from '@jest/globals';
import { lastValueFrom, tap, toArray } from 'rxjs';
import { saga, type Behaviour } from './application.js';
import { refuse } from './behaviours.js';
import { Gate } from './eventually.js';
import { onStoragesThatTell } from './world.js';

/** Nothing is found by looking: whoever hears nothing waits longer than a test may take. */
const SELDOM = { lease: { duration: 3_600_000 }, recovery: { interval: 3_600_000 } };

await onStoragesThatTell((world) => {
  describe('a replica hears at once', () => {
    const plan = (b: Behaviour = {}) => saga('S', [world.step('a'), world.step('b', b), world.step('c')]);

    it('how a saga ends that another one runs', async () => {
      const gate = new Gate();
      const S = plan({ act: () => gate.passed });
      const owner = await world.start([S], SELDOM);
      const other = await world.start([S], SELDOM);
      await owner.runner.start(S, { order: 7 }, { id: 's' });
      const result = (await other.runner.get('s')).result();
      await world.seen('b');
      gate.open();
      expect(await result).toEqual({ order: 7 });
    });

    it('each event of a saga that another one runs once, while its connection is lost again and again', async () => {
      const gates = Array.from({ length: 8 }, () => new Gate());
      const S = saga(
        'S',
        gates.map((gate, i) => world.step(`step ${i}`, { act: () => gate.passed })),
      );
      const owner = await world.start([S], SELDOM);
      const other = await world.start([S], SELDOM);
      await owner.runner.start(S, {}, { id: 's' });
      const seen = new Map(gates.map((_, i) => [`step ${i}`, new Gate()]));
      const events = lastValueFrom(
        other.runner.watch('s').pipe(
          tap((event) => event.type === 'step.started' && seen.get(event.step)?.open()),
          toArray(),
        ),
      );
      for (const [i, gate] of gates.entries()) {
        await seen.get(`step ${i}`)!.passed;
        if (i % 3 === 1) await world.cutListeners();
        gate.open();
      }
      expect((await events).map(({ seq }) => seq)).toEqual(Array.from({ length: 18 }, (_, i) => i + 1));
    });

    it('that an operator cancels a saga which waits for a retry, and the operator hears the answer', async () => {
      const S = plan({ act: refuse, options: { retry: { retryCount: 2, retryDelay: 3_600_000 } } });
      const owner = await world.start([S], SELDOM);
      const other = await world.start([S], SELDOM);
      const handle = await owner.runner.start(S, {}, { id: 's' });
      await world.logged('s', 'failed b');
      await (await other.runner.get('s')).cancel();
      await expect(handle.result()).rejects.toMatchObject({ code: 'SAGA_CANCELLED' });
      expect(world.effects.log).toEqual(['a', 'b', '-a']);
    });

    it('of a saga for which another one has no room', async () => {
      const gate = new Gate();
      const S = plan({ act: ({ waits }) => (waits === true ? gate.passed : undefined) });
      const full = await world.start([S], { ...SELDOM, concurrency: 1 });
      await world.start([S], SELDOM);
      await full.runner.start(S, { waits: true }, { id: 'first' });
      const handle = await full.runner.start(S, { waits: false }, { id: 'second' });
      expect(await handle.result()).toEqual({ waits: false });
      gate.open();
      await world.status('first', 'COMPLETED');
    });

    it('of the sagas of one that closes', async () => {
      const S = plan({ act: refuse, options: { retry: { retryCount: 2, retryDelay: 1_500 } } });
      const owner = await world.start([S], SELDOM);
      const other = await world.start([S], SELDOM);
      await owner.runner.start(S, {}, { id: 's' });
      await world.logged('s', 'failed b');
      await owner.close();
      await world.logged('s', 'claimed');
      await expect((await other.runner.get('s')).result()).rejects.toThrow('refused');
    });
  });
});
