import { describe, expect, it } from '@jest/globals';
import {
  ExecutionEndedError,
  SagaInterruptedError,
  type ActOutcome,
  type SagaError,
  type StepExecution,
} from '../../lib/index.js';
import { saga, type Behaviour } from './application.js';
import { failing, hang, refuse } from './behaviours.js';
import { Gate, eventually } from './eventually.js';
import { onEachStorage } from './world.js';

describe('execution.save()', () => {
  onEachStorage((world) => {
    const plan = (a: Behaviour, b: Behaviour = {}) => saga('S', [world.step('a', a), world.step('b', b)]);

    it('makes the context so far durable in the middle of a step', async () => {
      let stored: unknown;
      const S = plan({
        act: async (context, execution) => {
          context.reservation = 'r-1';
          await execution.save();
          stored = (await world.storage.load('s'))?.record.context;
        },
      });
      const { runner } = await world.start([S]);
      await runner.run(S, {}, { id: 's' });
      expect(stored).toEqual({ reservation: 'r-1' });
      expect(await world.log('s')).toContain('saved a');
    });

    it('leaves a half-done act what its compensation needs: it counts as unknown', async () => {
      let seen: { context: unknown; outcome: ActOutcome | undefined } | undefined;
      const S = plan({
        act: async (context, execution) => {
          context.saved = true;
          await execution.save();
          context.lost = true;
          refuse();
        },
        compensate: (context, _, { outcome }) => void (seen = { context: { ...context }, outcome }),
      });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow('refused');
      expect(seen).toEqual({ context: { saved: true }, outcome: 'unknown' });
    });

    it('gives the next attempt, here or after a crash, what was saved', async () => {
      const seen: unknown[] = [];
      const act: Behaviour['act'] = async (context, execution) => {
        seen.push({ ...context });
        context.attempts = execution.attempt;
        await execution.save();
        if (execution.attempt === 1) refuse();
        if (execution.attempt === 2) await hang();
      };
      const options = { retry: { retryCount: 3, retryDelay: 1 } };
      const S = plan({ act, options });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await eventually(async () =>
        expect((await world.log('s')).filter((entry) => entry === 'saved a')).toHaveLength(2),
      );
      await first.crash();
      await world.start([plan({ act, options })]);
      await world.status('s', 'COMPLETED');
      expect(seen).toEqual([{}, { attempts: 1 }, { attempts: 2 }]);
    });

    it('belongs to its attempt: it throws once that has ended', async () => {
      let kept: StepExecution | undefined;
      const S = plan({ act: (_, execution) => void (kept = execution) });
      const { runner } = await world.start([S]);
      await runner.run(S, {}, { id: 's' });
      await expect(kept!.save()).rejects.toThrow(ExecutionEndedError);
      expect(await world.log('s')).not.toContain('saved a');
    });

    it('throws in an attempt that has timed out', async () => {
      const gate = new Gate();
      let late: Promise<void> | undefined;
      const act: Behaviour['act'] = async (_, execution) => {
        await gate.passed;
        late = execution.save();
        await late;
      };
      const S = plan({ act, options: { timeout: 10 } });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toMatchObject({ code: 'SAGA_STEP_TIMEOUT' });
      gate.open();
      await eventually(() => expect(late).toBeDefined());
      await expect(late).rejects.toThrow(ExecutionEndedError);
    });

    it('is in order with the other writes, though nobody waits for it', async () => {
      const S = plan({
        act: (context, execution) => {
          for (let i = 1; i <= 5; i++) {
            context.i = i;
            void execution.save();
          }
          context.i = 'done';
        },
      });
      const { runner } = await world.start([S]);
      expect(await runner.run(S, {}, { id: 's' })).toEqual({ i: 'done' });
      expect((await world.log('s')).slice(1, 8)).toEqual([
        'started a',
        ...Array.from({ length: 5 }, () => 'saved a'),
        'completed a',
      ]);
    });

    it('tells the handler when the context cannot be stored, which may go on', async () => {
      const S = plan({
        act: async (context, execution) => {
          context.bad = () => undefined;
          await execution.save().catch((error: unknown) => (context.said = (error as SagaError).code));
          delete context.bad;
        },
      });
      const { runner } = await world.start([S]);
      expect(await runner.run(S, {})).toEqual({ said: 'SAGA_UNSERIALIZABLE_VALUE' });
    });

    it('decides over the act when the saga is no longer this worker’s, whatever the act makes of it', async () => {
      const gate = new Gate();
      const S = plan({
        act: async (_, execution) => {
          await gate.passed;
          await execution.save().catch(() => undefined);
          return 'swallowed';
        },
      });
      const first = await world.start([S], { lease: { duration: 3_600_000 } });
      const caller = first.runner.run(S, {}, { id: 's' }).catch((error: unknown) => error);
      await world.seen('a');
      first.line.cut();
      await world.advance(3_600_000);
      await world.start([plan({})]);
      await world.status('s', 'COMPLETED');
      first.line.mend();
      gate.open();
      expect(await caller).toBeInstanceOf(SagaInterruptedError);
    });

    it('is no progress: a saga that only saves is parked in the end', async () => {
      const act: Behaviour['act'] = async (_, execution) => {
        await execution.save();
        await hang();
      };
      const S = plan({ act });
      let process = await world.start([S]);
      await process.runner.start(S, {}, { id: 's' });
      for (let saved = 1; saved <= 3; saved++) {
        await world.logged('s', 'saved a', saved);
        await process.crash();
        process = await world.start([plan({ act })], { recovery: { interval: 10, maxAttempts: 2 } });
      }
      await world.held('s', 'attempts-exhausted');
    });

    it('works in compensate too', async () => {
      const refund = failing(1);
      const seen: unknown[] = [];
      const S = plan(
        {
          compensate: async (context, _, execution) => {
            seen.push({ ...context });
            context.refund = 'asked for';
            await execution.save();
            refund();
          },
        },
        { act: refuse },
      );
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      await world.status('s', 'FAILED');
      expect(seen).toEqual([{}, { refund: 'asked for' }]);
    });
  });
});
