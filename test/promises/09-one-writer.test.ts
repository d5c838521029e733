import { describe, expect, it } from '@jest/globals';
import { SagaInterruptedError, StaleSagaError } from '../../lib/index.js';
import { saga, type Behaviour } from '../e2e/application.js';
import { Gate, eventually } from '../e2e/eventually.js';
import { onEachStorage } from '../e2e/world.js';

describe('One writer: a worker that lost its lease cannot change a saga', () => {
  onEachStorage((world) => {
    const plan = (b: Behaviour = {}) => saga('S', [world.step('a'), world.step('b', b), world.step('c')]);

    /** A process that is cut off inside `b`, while another one finishes its saga. */
    async function cutOff(gate: Gate, options = { lease: { duration: 1_000 } }) {
      const signals: AbortSignal[] = [];
      const S = plan({
        act: (_, { signal }) => {
          signals.push(signal);
          return gate.passed;
        },
      });
      const process = await world.start([S], { recovery: { enabled: false }, ...options });
      const caller = process.runner.run(S, {}, { id: 's' }).catch((error: unknown) => error);
      await world.seen('b');
      await process.crash();
      await world.start([plan({ act: () => world.effects.note('b by the other one') })]);
      await world.status('s', 'COMPLETED');
      return { process, S, gate, caller, signal: signals[0]! };
    }

    it('writes nothing when it comes back after another one has taken over', async () => {
      const gate = new Gate();
      const { process, caller } = await cutOff(gate, { lease: { duration: 60_000 } });
      const log = await world.log('s');
      process.line.mend();
      gate.open();
      const error = await caller;
      expect(error).toBeInstanceOf(SagaInterruptedError);
      expect(error).toMatchObject({ reason: 'lease-lost', cause: expect.any(StaleSagaError) });
      expect(await world.log('s')).toEqual(log);
      expect(world.effects.log).toEqual(['a', 'b', 'b', 'b by the other one', 'c']);
    });

    it('tells its running step by the AbortSignal when it notices, and its caller', async () => {
      const { process, caller, signal } = await cutOff(new Gate());
      process.line.mend();
      expect(await caller).toMatchObject({ reason: 'lease-lost' });
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toBeInstanceOf(SagaInterruptedError);
    });

    it('stops trusting itself while it cannot reach the storage', async () => {
      const { process, caller, signal } = await cutOff(new Gate());
      process.line.breakDown();
      expect(await caller).toMatchObject({ reason: 'lease-lost' });
      expect(signal.aborted).toBe(true);
    });

    it('works on under a new lease', async () => {
      const { process, S, gate, caller } = await cutOff(new Gate());
      process.line.mend();
      await caller;
      gate.open();
      expect(await eventually(() => process.runner.run(S, {}))).toEqual({});
    });

    it('takes a row for its own when only the answer was lost', async () => {
      for (const write of [1, 2, 3, 4]) {
        const S = plan();
        const { runner, line } = await world.start([S]);
        line.loseOnly(write, 'after');
        await runner.run(S, {});
      }
      expect(world.effects.log).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c']);
    });

    it('writes again what never arrived', async () => {
      for (const write of [1, 2, 3, 4]) {
        const S = plan();
        const { runner, line } = await world.start([S]);
        line.loseOnly(write, 'before');
        await runner.run(S, {});
      }
      expect(world.effects.log).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c']);
    });
  });
});
