import { describe, expect, it } from '@jest/globals';
import { OutcomeUnknownError, RequestRefusedError } from '../../lib/index.js';
import { saga, type Behaviour } from './application.js';
import { failing, hang, refuse } from './behaviours.js';
import { Gate, eventually } from './eventually.js';
import { onEachStorage } from './world.js';

const PIVOT = { kind: 'pivot' } as const;
const QUICK_RETRY = { retryDelay: 1, maxRetryDelay: 2 };

describe('at and behind the pivot', () => {
  onEachStorage((world) => {
    const plan = (pivot: Behaviour = {}, behind: Behaviour = {}, options = {}) =>
      saga(
        'S',
        [
          world.step('a'),
          world.step('p', { ...pivot, options: { ...PIVOT, ...(pivot.options as object) } }),
          world.step('r', { ...behind, options: { kind: 'retriable', retry: QUICK_RETRY } }),
        ],
        options,
      );

    it('acts a pivot of unknown outcome again, with the same key, until it is known', async () => {
      const keys = new Set<string>();
      const act: Behaviour['act'] = (_, { attempt, idempotencyKey }) => {
        keys.add(idempotencyKey);
        if (attempt < 5) throw new OutcomeUnknownError('?');
      };
      const S = plan({ act, options: { kind: 'pivot', retry: QUICK_RETRY } });
      const { runner } = await world.start([S]);
      await runner.run(S, {}, { id: 's' });
      expect(world.effects.log).toEqual(['a', 'p', 'p', 'p', 'p', 'p', 'r']);
      expect([...keys]).toEqual(['s:p:act']);
    });

    it('turns back when a pivot of unknown outcome throws at last: it honours the key', async () => {
      const act: Behaviour['act'] = (_, { attempt }) => {
        if (attempt < 3) throw new OutcomeUnknownError('?');
        refuse();
      };
      const S = plan({ act, options: { kind: 'pivot', retry: QUICK_RETRY } });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'p', 'p', 'p', '-a']);
    });

    it('acts a pivot again that was in flight when its process died', async () => {
      const S = plan({ act: hang });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('p');
      await first.crash();
      await world.start([plan()]);
      await world.status('s', 'COMPLETED');
      expect(world.effects.log).toEqual(['a', 'p', 'p', 'r']);
    });

    it('retries a retriable step without limit, at capped delays', async () => {
      const S = plan({}, { act: failing(12) });
      const { runner } = await world.start([S]);
      await runner.run(S, {}, { id: 's' });
      expect(world.effects.count('r')).toBe(13);
      const delays = (await world.storage.history('s')).flatMap((entry) =>
        entry.event === 'failed' && entry.step !== undefined ? [entry.retryIn] : [],
      );
      expect(delays.slice(0, 3)).toEqual([1, 2, 2]);
    });

    it('refuses to cancel behind the pivot', async () => {
      const gate = new Gate();
      const S = plan({}, { act: () => gate.passed });
      const { runner } = await world.start([S]);
      const handle = await runner.start(S, {}, { id: 's' });
      await world.seen('r');
      const cancelled = handle.cancel();
      const refused = expect(cancelled).rejects.toThrow(RequestRefusedError);
      gate.open();
      await refused;
      await world.status('s', 'COMPLETED');
    });

    it('answers a cancel that meets an unknown pivot when the pivot is known', async () => {
      let known = false;
      const act: Behaviour['act'] = () => {
        if (!known) throw new OutcomeUnknownError('?');
      };
      const S = plan({ act, options: { kind: 'pivot', retry: QUICK_RETRY } });
      const { runner } = await world.start([S]);
      const handle = await runner.start(S, {}, { id: 's' });
      await world.seen('p', 2);
      const refused = expect(handle.cancel()).rejects.toThrow('passed its pivot');
      known = true;
      await refused;
      await world.status('s', 'COMPLETED');
    });

    it('ignores the deadline behind the pivot', async () => {
      const S = plan({}, { act: failing(3) }, { deadline: 60_000 });
      const { runner } = await world.start([S]);
      const gate = new Gate();
      const Late = saga(
        'Late',
        [
          world.step('p2', { options: PIVOT }),
          world.step('r2', { act: () => gate.passed, options: { kind: 'retriable' } }),
        ],
        { deadline: 20 },
      );
      const late = await world.start([Late]);
      const running = late.runner.run(Late, {}, { id: 'late' });
      await world.seen('r2');
      await runner.run(S, {}, { id: 's' });
      await eventually(async () => {
        const [{ at } = { at: new Date() }] = await world.storage.history('late');
        expect((await world.storage.load('late'))!.now.getTime() - at.getTime()).toBeGreaterThan(20);
      });
      gate.open();
      expect(await running).toEqual({});
    });

    it('parks a saga whose pivot left what cannot be stored, and goes on when the code is mended', async () => {
      const S = plan({ act: () => () => 'a function' });
      const first = await world.start([S]);
      await expect(first.runner.run(S, {}, { id: 's' })).rejects.toMatchObject({ code: 'SAGA_INTERRUPTED' });
      await world.held('s', 'unstorable-result');
      await first.close();

      const { runner } = await world.start([plan({ act: () => 'a receipt' })]);
      expect(await runner.recover('s')).toEqual({ id: 's', status: 'COMPLETED' });
      expect(world.effects.log).toEqual(['a', 'p', 'p', 'r']);
    });
  });
});

describe('before the pivot', () => {
  onEachStorage((world) => {
    it('turns back at the deadline, whatever is in flight', async () => {
      let signal: AbortSignal | undefined;
      const act: Behaviour['act'] = (_, execution) => {
        signal = execution.signal;
        return hang();
      };
      const S = saga('S', [world.step('a'), world.step('b', { act })], { deadline: 30 });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toMatchObject({ code: 'SAGA_DEADLINE' });
      expect(signal?.aborted).toBe(true);
      expect(world.effects.log).toEqual(['a', 'b', '-b', '-a']);
    });

    it('waits for the timeout of an act that the deadline cut short before it undoes it', async () => {
      const b = world.step('b', { act: hang, options: { timeout: 300 } });
      const S = saga('S', [world.step('a'), b], { deadline: 30 });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toMatchObject({ code: 'SAGA_DEADLINE' });
      const history = await (await runner.get('s')).history();
      const [acted, undone] = ['act', 'compensate'].map((phase) =>
        history.find((entry) => entry.event === 'started' && entry.step === 'b' && entry.phase === phase),
      );
      expect(Number(undone?.at) - Number(acted?.at)).toBeGreaterThanOrEqual(300);
    });

    it('takes a deadline that is months away, longer than any timer', async () => {
      const S = saga('S', [world.step('a', { act: () => world.storage.workers() })], { deadline: 90 * 24 * 3_600_000 });
      const { runner } = await world.start([S]);
      expect(await runner.run(S, {})).toEqual({});
    });

    it('turns back at the deadline while it waits for a retry', async () => {
      const options = { retry: { retryCount: 9, retryDelay: 60_000 } };
      const S = saga('S', [world.step('a'), world.step('b', { act: refuse, options })], { deadline: 30 });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toMatchObject({ code: 'SAGA_DEADLINE' });
      expect(world.effects.log).toEqual(['a', 'b', '-a']);
    });

    it('turns back after a crash when the deadline has passed meanwhile', async () => {
      const S = saga('S', [world.step('a'), world.step('b', { act: hang })], { deadline: 10_000 });
      const first = await world.start([S]);
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('b');
      await first.crash();
      const { runner } = await world.start([S]);
      await world.status('s', 'FAILED');
      await expect((await runner.get('s')).result()).rejects.toMatchObject({ code: 'SAGA_DEADLINE' });
      expect(world.effects.log).toEqual(['a', 'b', '-b', '-a']);
    });

    it('undoes an act whose result cannot be stored, and says why', async () => {
      const S = saga('S', [world.step('a', { act: () => ({ receipt: Symbol('r') }) })]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toMatchObject({
        code: 'SAGA_UNSERIALIZABLE_VALUE',
        message: expect.stringMatching(/S.*a.*receipt/s),
      });
      expect(world.effects.log).toEqual(['a', '-a']);
    });

    it('undoes an act that left a context that cannot be stored', async () => {
      const S = saga('S', [world.step('a', { act: (context) => void (context.when = new WeakMap()) })]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toMatchObject({ path: 'context.when' });
      expect(world.effects.log).toEqual(['a', '-a']);
      expect((await (await runner.get('s')).record()).context).toEqual({});
    });
  });
});
