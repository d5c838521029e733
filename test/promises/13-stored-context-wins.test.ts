import { describe, expect, it } from '@jest/globals';
import { saga, type Behaviour } from '../e2e/application.js';
import { failing, hang, refuse } from '../e2e/behaviours.js';
import { onEachStorage } from '../e2e/world.js';

describe("The stored context wins: whoever resumes a saga works on the context in storage, never on a caller's copy", () => {
  onEachStorage((world) => {
    const plan = (b: Behaviour) =>
      saga('S', [world.step('a', { act: (context) => void (context.a = 1) }), world.step('b', b)]);

    it('goes on from the stored context after a crash', async () => {
      const S = plan({
        act: (context) => {
          context.b = 'lost with its attempt';
          return hang();
        },
      });
      const first = await world.start([S]);
      await first.runner.start(S, { given: true }, { id: 's' });
      await world.seen('b');
      await first.crash();

      let seen: unknown;
      const Again = plan({ act: (context) => void (seen = { ...context }) });
      const { runner } = await world.start([Again]);
      await (await runner.get('s')).result();
      expect(seen).toEqual({ given: true, a: 1 });
    });

    it('starts each attempt from the stored context: what an act changed before it threw is gone', async () => {
      const seen: unknown[] = [];
      const fail = failing(1);
      const S = plan({
        act: (context) => {
          seen.push({ ...context });
          context.b = seen.length;
          fail();
        },
        options: { retry: { retryCount: 2, retryDelay: 1 } },
      });
      const { runner } = await world.start([S]);
      expect(await runner.run(S, {})).toEqual({ a: 1, b: 2 });
      expect(seen).toEqual([{ a: 1 }, { a: 1 }]);
    });

    it("never changes the caller's own object, nor follows what the caller does to it", async () => {
      const given = { nested: { items: ['book'] } };
      const S = plan({ act: (context) => void (context.nested as { items: string[] }).items.push('pen') });
      const { runner } = await world.start([S]);
      const running = runner.start(S, given);
      const handle = await running;
      given.nested.items.push('changed by the caller');
      expect(await handle.result()).toEqual({ a: 1, nested: { items: ['book', 'pen'] } });
      expect(given).toEqual({ nested: { items: ['book', 'changed by the caller'] } });
    });

    it('is joined, not overwritten, by a start with another context', async () => {
      const S = plan({});
      const { runner } = await world.start([S]);
      await runner.run(S, { given: 'first' }, { id: 's' });
      expect(await runner.run(S, { given: 'second' }, { id: 's' })).toEqual({ given: 'first', a: 1 });
    });

    it('gives compensate the result as it was stored, on the first run too', async () => {
      const receipt = { at: new Date(0), items: new Map([['book', 42n]]) };
      let given: unknown;
      const S = saga('S', [
        world.step('a', { act: () => receipt, compensate: (_, result) => void (given = result) }),
        world.step('b', { act: refuse }),
      ]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow('refused');
      expect(given).toEqual(receipt);
      expect(given).not.toBe(receipt);
    });

    it('keeps what compensations change', async () => {
      const S = saga('S', [
        world.step('a', { compensate: (context) => void (context.refunds = [context.refund]) }),
        world.step('b', { compensate: (context) => void (context.refund = 'r-1') }),
        world.step('c', { act: refuse }),
      ]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      expect((await (await runner.get('s')).record()).context).toEqual({ refund: 'r-1', refunds: ['r-1'] });
    });
  });
});
