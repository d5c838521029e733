import { describe, expect, it } from '@jest/globals';
import { SagaInterruptedError } from '../../lib/index.js';
import { saga, startApplication, type Behaviour, type Context } from './application.js';
import { hang } from './behaviours.js';
import { Gate, eventually } from './eventually.js';
import { inMemory, onEachStorage } from './world.js';

/** Long enough for a busy machine to keep it, short enough to be waited for. */
const SHORT_LEASE = { lease: { duration: 1_000 } };

describe('a storage that is gone in the middle', () => {
  onEachStorage((world) => {
    const plan = (b: Behaviour = {}) => saga('S', [world.step('a'), world.step('b', b), world.step('c')]);

    it('is waited for while the lease lasts; nobody notices', async () => {
      const S = plan({ act: () => line.breakDown() });
      const { runner, line } = await world.start([S], { lease: { duration: 60_000 } });
      const caller = runner.run(S, {}, { id: 's' });
      await world.seen('b');
      line.mend();
      expect(await caller).toEqual({});
      expect(world.effects.log).toEqual(['a', 'b', 'c']);
    });

    it('interrupts run() when it stays away, and the saga is resumed when it is back', async () => {
      const S = plan({ act: (_, { attempt }) => (attempt === 1 ? line.breakDown() : undefined) });
      const { runner, line } = await world.start([S], SHORT_LEASE);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow(SagaInterruptedError);
      expect(world.effects.log).toEqual(['a', 'b']);
      line.mend();
      await world.status('s', 'COMPLETED');
      expect(world.effects.log).toEqual(['a', 'b', 'b', 'c']);
    });

    it('interrupts run() that could store nothing yet', async () => {
      const S = plan();
      const { runner, line } = await world.start([S], SHORT_LEASE);
      line.breakDown();
      await expect(runner.run(S, {}, { id: 's' })).rejects.toMatchObject({ code: 'SAGA_INTERRUPTED', sagaId: 's' });
      expect(world.effects.log).toEqual([]);
    });

    it('is survived by those who wait for a saga and watch it', async () => {
      const gate = new Gate();
      const S = plan({ act: () => gate.passed });
      const owner = await world.start([S]);
      await owner.runner.start(S, {}, { id: 's' });
      await world.seen('b');
      const { runner, line } = await world.start([S], { recovery: { enabled: false } });
      const handle = await runner.get('s');
      const result = handle.result();
      const events: string[] = [];
      const last = new Promise((resolve) =>
        handle.watch().subscribe({ next: ({ type }) => events.push(type), complete: () => resolve(events.at(-1)) }),
      );
      await eventually(() => expect(events).toContain('saga.started'));
      line.breakDown();
      gate.open();
      await world.status('s', 'COMPLETED');
      line.mend();
      expect(await result).toEqual({});
      expect(await last).toBe('saga.completed');
    });

    it('is said to who asks for an outcome while it is away', async () => {
      const S = plan({ act: hang });
      const { runner } = await world.start([S]);
      await runner.start(S, {}, { id: 's' });
      const other = await world.start([S], { recovery: { enabled: false } });
      const handle = await other.runner.get('s');
      other.line.breakDown();
      await expect(handle.result()).rejects.toMatchObject({ code: 'SAGA_INTERRUPTED', reason: 'storage', status: 503 });
      other.line.mend();
    });

    it('fails an application that starts without it, with the storage’s own error', async () => {
      const { line, close } = await world.start([plan()]);
      line.breakDown();
      await expect(startApplication([plan()], { storage: line })).rejects.toThrow('connection to the storage is lost');
      line.mend();
      await close();
    });
  });
});

function freezeAndChange(context: Context): void {
  Object.freeze(context);
  context.changed = true;
}

describe('what a step does wrong', () => {
  onEachStorage((world) => {
    it('never returns: the timeout ends the attempt, and its signal tells it', async () => {
      let reason: unknown;
      const act: Behaviour['act'] = (_, { signal }) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
        });
        return hang();
      };
      const S = saga('S', [world.step('a', { act, options: { timeout: 20 } })]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toMatchObject({ code: 'SAGA_STEP_TIMEOUT', step: 'a' });
      expect(reason).toMatchObject({ code: 'SAGA_STEP_TIMEOUT' });
    });

    it('returns late: nothing of it counts', async () => {
      const gate = new Gate<string>();
      const S = saga('S', [world.step('a', { act: () => gate.passed, options: { timeout: 10 } })]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toMatchObject({ code: 'SAGA_STEP_TIMEOUT' });
      const log = await world.log('s');
      gate.open('late');
      await runner.recover('s');
      expect(await world.log('s')).toEqual(log);
    });

    it.each([undefined, null])('throws nothing at all: %p', async (thrown) => {
      const act = (): never => {
        throw thrown;
      };
      const S = saga('S', [world.step('a'), world.step('b', { act })]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toMatchObject({ name: 'NonError', message: String(thrown) });
      expect(world.effects.log).toEqual(['a', 'b', '-a']);
    });

    it.each([0, 'text', { no: 'error' }, Symbol('s'), () => 'f'])('throws what is no error: %p', async (thrown) => {
      const act = (): never => {
        throw thrown;
      };
      const S = saga('S', [world.step('a'), world.step('b', { act })]);
      const { runner } = await world.start([S]);
      const caught = await runner.run(S, {}, { id: 's' }).then(
        () => 'resolved',
        (error: unknown) => ({ error }),
      );
      expect(caught).toEqual({ error: thrown });
      expect(world.effects.log).toEqual(['a', 'b', '-a']);
      await expect((await runner.get('s')).result()).rejects.toMatchObject({ name: 'NonError' });
    });

    it('throws an error that itself throws when it is looked at', async () => {
      const act = (): never => {
        throw new Proxy(new Error('x'), {
          get: () => {
            throw new Error('do not look');
          },
        });
      };
      const S = saga('S', [world.step('a'), world.step('b', { act })]);
      const { runner } = await world.start([S]);
      await expect(runner.start(S, {}, { id: 's' })).resolves.toBeDefined();
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', 'b', '-a']);
    });

    it('has a retryIf, or a fallback’s condition, that throws: that is a no', async () => {
      const retryIf = (): never => {
        throw new Error('the predicate is broken');
      };
      const act = (): never => {
        throw new Error('first');
      };
      const S = saga('S', [world.step('a', { act, options: { retry: { retryCount: 3, retryIf } } })]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow('first');
      expect(world.effects.log).toEqual(['a']);
    });

    it('changes a frozen context: that is its own error, like any other', async () => {
      const S = saga('S', [world.step('a', { act: freezeAndChange })]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow(TypeError);
    });
  });
});

describe('two SagaModules in one process', () => {
  inMemory((world) => {
    it('have nothing in common but what they share on purpose', async () => {
      const One = saga('Same', [world.step('one')]);
      const Two = saga('Same', [world.step('two')]);
      const [one, two] = [await startApplication([One]), await startApplication([Two])];
      await Promise.all([one.runner.run(One, {}, { id: 's' }), two.runner.run(Two, {}, { id: 's' })]);
      expect(world.effects.log.toSorted()).toEqual(['one', 'two']);
      await one.close();
      await two.runner.run(Two, {}, { id: 't' });
      await two.close();
    });

    it('close each for itself', async () => {
      const S = saga('S', [world.step('a')]);
      const one = await world.start([S]);
      const two = await world.start([S]);
      await one.close();
      expect(await two.runner.run(S, { x: 1 })).toEqual({ x: 1 });
      await eventually(async () => expect(await world.storage.workers()).toHaveLength(1));
    });
  });
});
