import { describe, expect, it } from '@jest/globals';
import type { ActOutcome } from '../../lib/index.js';
import { saga, type Behaviour } from '../e2e/application.js';
import { hang, refuse } from '../e2e/behaviours.js';
import { eventually } from '../e2e/eventually.js';
import { onEachStorage } from '../e2e/world.js';

describe('At least once where it cannot be known, each attempt with the same idempotencyKey', () => {
  onEachStorage((world) => {
    const plan = (b: Behaviour) => saga('S', [world.step('a'), world.step('b', b)]);

    it('acts a step again that was in flight when the process died, with the same key', async () => {
      const seen: unknown[] = [];
      const S = plan({
        act: (_, { attempt, idempotencyKey }) => {
          seen.push({ attempt, idempotencyKey });
          return hang();
        },
      });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('b');
      await first.crash();

      await world.start([
        plan({ act: (_, { attempt, idempotencyKey }) => void seen.push({ attempt, idempotencyKey }) }),
      ]);
      await world.status('s', 'COMPLETED');
      expect(seen).toEqual([
        { attempt: 1, idempotencyKey: 's:b:act' },
        { attempt: 2, idempotencyKey: 's:b:act' },
      ]);
    });

    it('compensates such a step without a result when the saga goes back', async () => {
      const S = plan({ act: hang });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('b');
      await first.crash();

      let given: { result: unknown; outcome: ActOutcome | undefined } | undefined;
      const { runner } = await world.start(
        [plan({ compensate: (_, result, { outcome }) => void (given = { result, outcome }) })],
        { recovery: { enabled: false } },
      );
      await (await runner.get('s')).cancel();
      await world.status('s', 'FAILED');
      expect(given).toEqual({ result: undefined, outcome: 'unknown' });
      expect(world.effects.log).toEqual(['a', 'b', '-b', '-a']);
    });

    it('compensates again what was being compensated when the process died, with the same key', async () => {
      const keys: string[] = [];
      const plan = (compensate: () => unknown) =>
        saga('S', [
          world.step('a', {
            compensate: (_, __, { idempotencyKey }) => {
              keys.push(idempotencyKey);
              return compensate();
            },
          }),
          world.step('b', { act: refuse }),
        ]);
      const S = plan(hang);
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('-a');
      await first.crash();

      await world.start([plan(() => undefined)]);
      await world.status('s', 'FAILED');
      expect(keys).toEqual(['s:a:compensate', 's:a:compensate']);
    });

    it('acts again when the act returned but its end was not stored', async () => {
      const S = plan({ act: () => 'receipt' });
      const first = await world.start([S]);
      first.line.cutAt(3, 'before');
      await first.runner.start(S, {}, { id: 's' });
      await eventually(() => expect(first.line.isCut).toBe(true));
      await first.crash();

      await world.start([plan({ act: () => 'receipt' })]);
      await world.status('s', 'COMPLETED');
      expect(world.effects.log).toEqual(['a', 'b', 'b']);
    });

    it('does not act again when its end was stored but the answer was lost', async () => {
      const S = plan({ act: () => 'receipt' });
      const first = await world.start([S]);
      first.line.cutAt(3, 'after');
      await first.runner.start(S, {}, { id: 's' });
      await world.status('s', 'COMPLETED');
      await first.crash();

      await world.start([plan({})]);
      expect(world.effects.log).toEqual(['a', 'b']);
    });
  });
});
