import { describe, expect, it } from '@jest/globals';
import { processIdentity } from '../../lib/engine/process-identity.js';
import { saga, type Behaviour, type SagaType } from './application.js';
import { failing, hang, refuse } from './behaviours.js';
import { Gate, eventually } from './eventually.js';
import { onEachStorage } from './world.js';

const OFF = { recovery: { enabled: false } };
const HOUR = 3_600_000;

/** Where the host tells of processes. */
const identity = processIdentity();
const [boot = '', namespace = '', pid = '', startedAt = ''] = identity?.split(' ') ?? [];
/** Of a process that had this one's pid before. */
const GONE = `${boot} ${namespace} ${pid} ${String(Number(startedAt) - 1)}`;

describe('recovery', () => {
  onEachStorage((world) => {
    const plan = (b: Behaviour = {}, name = 'S') => saga(name, [world.step('a'), world.step('b', b)]);

    /** Leaves a saga inside `b`, its process gone. */
    async function leaveBehind(id = 's', type: SagaType = plan({ act: hang })): Promise<void> {
      const process = await world.start([type], OFF);
      const acted = world.effects.count('b');
      await process.runner.start(type, {}, { id });
      await world.logged(id, 'started b');
      // The log says so before it is done.
      await world.seen('b', acted + 1);
      await process.crash();
    }

    it('finds sagas without a worker when the application starts', async () => {
      await leaveBehind();
      await world.start([plan()], { recovery: { interval: 3_600_000 } });
      await world.status('s', 'COMPLETED');
    });

    it('finds sagas whose worker dies later', async () => {
      const S = plan({ act: hang });
      const first = await world.start([S], { ...OFF, lease: { duration: 1_000 } });
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('b');
      await world.start([plan()]);
      first.line.cut();
      await world.status('s', 'COMPLETED');
    });

    it('opens the next round of compensation when it is due, not up to an interval later', async () => {
      const compensation = { retryCount: 1 };
      const a = world.step('a', { compensate: failing(1), options: { compensation } });
      const S = saga('S', [a, world.step('b', { act: refuse })]);
      const { runner } = await world.start([S], { recovery: { interval: 1_000 } });
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      await world.status('s', 'FAILED');
      const history = await (await runner.get('s')).history();
      const ended = history.find(({ event }) => event === 'compensation-failed');
      const next = history.find((entry) => entry.event === 'compensating' && entry.round === 2);
      const waited = Number(next?.at) - Number(ended?.at);
      expect(waited).toBeGreaterThanOrEqual(999);
      expect(waited).toBeLessThan(1_600);
    });

    it('leaves sagas of live workers alone', async () => {
      const gate = new Gate();
      const S = plan({ act: () => gate.passed });
      const first = await world.start([S]);
      const handle = await first.runner.start(S, {}, { id: 's' });
      await world.seen('b');
      const { runner } = await world.start([S]);
      expect(await runner.recover('s')).toEqual({ id: 's', status: 'RUNNING' });
      expect(await runner.recoverAll()).toEqual({ sagas: [] });
      gate.open();
      await handle.result();
      expect(world.effects.log).toEqual(['a', 'b']);
    });

    /** Leaves a saga to a worker whose process says this of itself, and of which nobody hears again. */
    async function leaveTo(process?: string): Promise<void> {
      await leaveBehind();
      const { name, planHash } = (await world.storage.load('s'))!.record;
      const worker = 'worker-elsewhere';
      await world.storage.heartbeat({ worker, beat: 0, duration: HOUR, ...(process !== undefined && { process }) });
      await world.storage.claim({ worker, limit: 1, definitions: [{ name, planHash }] });
    }

    (identity === undefined ? it.skip : it)('waits for no lease of a process that is certainly gone', async () => {
      await leaveTo(GONE);
      const { runner } = await world.start([plan()], OFF);
      expect(await runner.recoverAll()).toEqual({ sagas: [{ id: 's', status: 'COMPLETED' }] });
    });

    it.each([
      { whose: 'in another namespace', process: GONE.replace(namespace, 'pid:[1]') },
      { whose: 'of another boot, so maybe of another host', process: GONE.replace(boot, 'another-boot') },
      { whose: 'that says nothing of itself', process: undefined },
    ])('leaves a saga to a process $whose until its lease is over', async ({ process }) => {
      await leaveTo(process);
      const { runner } = await world.start([plan()], { ...OFF, lease: { duration: 2 * HOUR } });
      expect(await runner.recoverAll()).toEqual({ sagas: [] });
      expect(await runner.recover('s')).toEqual({ id: 's', status: 'RUNNING' });
      await world.advance(HOUR - 60_000);
      expect(await runner.recoverAll()).toEqual({ sagas: [] });
      expect(world.effects.log).toEqual(['a', 'b']);
      await world.advance(60_000);
      expect(await runner.recoverAll()).toEqual({ sagas: [{ id: 's', status: 'COMPLETED' }] });
    });

    it('does nothing on its own when it is off; recover(id) and recoverAll() work', async () => {
      await leaveBehind('one');
      await leaveBehind('two');
      const { runner } = await world.start([plan()], OFF);
      expect(await runner.recover('one')).toEqual({ id: 'one', status: 'COMPLETED' });
      await world.status('two', 'RUNNING');
      expect(await runner.recoverAll()).toEqual({ sagas: [{ id: 'two', status: 'COMPLETED' }] });
    });

    it('tells by recover(id) what became of a saga that failed, and throws nothing', async () => {
      await leaveBehind();
      const { runner } = await world.start([plan({ act: refuse })], OFF);
      expect(await runner.recover('s')).toMatchObject({ status: 'FAILED', error: { message: 'refused', status: 409 } });
      expect(await runner.recover('s')).toMatchObject({ status: 'FAILED', error: { message: 'refused', status: 409 } });
    });

    it('returns from recover(id) when the saga has to wait', async () => {
      await leaveBehind();
      const retry = { retryCount: 2, retryDelay: 60_000 };
      const { runner } = await world.start([plan({ act: refuse, options: { retry } })], OFF);
      expect(await runner.recover('s')).toEqual({ id: 's', status: 'RUNNING' });
    });

    it('parks a saga that has killed its process maxAttempts times', async () => {
      await leaveBehind();
      for (let i = 0; i < 3; i++) {
        const process = await world.start([plan({ act: hang })], { recovery: { interval: 10, maxAttempts: 3 } });
        await world.seen('b', i + 2);
        await process.crash();
      }
      const { runner } = await world.start([plan()], { recovery: { interval: 10, maxAttempts: 3 } });
      await world.held('s', 'attempts-exhausted');
      expect(world.effects.count('b')).toBe(4);

      expect(await runner.recover('s')).toEqual({ id: 's', status: 'COMPLETED' });
    });

    it('starts counting anew when the saga makes progress', async () => {
      const steps = ['a', 'b', 'c', 'd', 'e'];
      const stuckAt = (step?: string) =>
        saga(
          'S',
          steps.map((name) => world.step(name, name === step ? { act: hang } : {})),
        );
      const limit = { recovery: { interval: 10, maxAttempts: 1 } };
      const A = stuckAt('a');
      let process = await world.start([A], limit);
      await process.runner.start(A, {}, { id: 's' });
      await world.logged('s', 'started a');
      for (const step of ['b', 'c', 'd', 'e']) {
        await process.crash();
        process = await world.start([stuckAt(step)], limit);
        await world.logged('s', `started ${step}`);
      }
      await process.crash();
      await world.start([stuckAt()], limit);
      await world.status('s', 'COMPLETED');
    });

    it('retries failed compensations at once by recoverAll(), whenever they are due', async () => {
      let open = false;
      const S = saga('S', [
        world.step('a', {
          compensate: () => (open ? undefined : refuse()),
          options: { compensation: { retryCount: 1 } },
        }),
        world.step('b', { act: refuse }),
      ]);
      const { runner } = await world.start([S], { recovery: { interval: 3_600_000 } });
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      await world.status('s', 'COMPENSATION_FAILED');
      expect(await runner.recoverAll()).toMatchObject({ sagas: [{ id: 's', status: 'COMPENSATION_FAILED' }] });
      open = true;
      expect(await runner.recoverAll()).toMatchObject({ sagas: [{ id: 's', status: 'FAILED' }] });
      expect(world.effects.count('-a')).toBe(3);
    });

    it('takes up only sagas of the names it is told', async () => {
      await leaveBehind('one', plan({ act: hang }, 'One'));
      await leaveBehind('two', plan({ act: hang }, 'Two'));
      await world.start([plan({}, 'One'), plan({}, 'Two')], { recovery: { interval: 10, sagas: ['Two'] } });
      await world.status('two', 'COMPLETED');
      await world.status('one', 'RUNNING');
    });

    it('takes up a saga that somebody names, whatever it looks for on its own', async () => {
      await leaveBehind('one', plan({ act: hang }, 'One'));
      await leaveBehind('other', plan({ act: hang }, 'One'));
      const { runner } = await world.start([plan({}, 'One')], { recovery: { sagas: [] } });
      expect(await runner.recover('one')).toMatchObject({ status: 'COMPLETED' });
      await (await runner.get('other')).cancel();
      await world.status('other', 'FAILED');
    });

    it.each([1, 4])('runs no more recovered sagas at once than %d, and all of them in the end', async (concurrency) => {
      const gate = new Gate();
      let running = 0;
      let most = 0;
      const S = plan({ act: hang });
      const first = await world.start([S], OFF);
      const ids = Array.from({ length: 20 }, (_, i) => `s${i}`);
      await Promise.all(ids.map((id) => first.runner.start(S, {}, { id })));
      await world.seen('b', 20);
      await first.crash();

      const counting = plan({
        act: async () => {
          most = Math.max(most, ++running);
          await gate.passed;
          running--;
        },
      });
      const { runner } = await world.start([counting], { recovery: { interval: 3_600_000, concurrency } });
      await world.seen('b', 20 + concurrency);
      gate.open();
      await eventually(async () => expect((await runner.find({ status: 'COMPLETED' })).items).toHaveLength(20));
      expect(most).toBe(concurrency);
    });

    it('keeps no place for a saga that it had to let go of, though its write is never answered', async () => {
      const recovery = { interval: 50, concurrency: 1 };
      const { line } = await world.start([plan()], { recovery, lease: { duration: 1_000 } });
      line.silenceOnly(1);
      await leaveBehind('silenced');
      await eventually(() => expect(line.writes).toBe(1));
      await Promise.all([...line.registered].map((worker) => world.storage.release(worker)));
      await eventually(() => expect(line.registered.size).toBe(2));
      await leaveBehind('next');
      await Promise.all([world.status('silenced', 'COMPLETED'), world.status('next', 'COMPLETED')]);
    });

    it('finds again what a claim gave it whose answer was lost', async () => {
      await leaveBehind('one');
      await leaveBehind('two');
      const { runner, line } = await world.start([plan()], OFF);
      line.loseClaim();
      await expect(runner.recover('one')).rejects.toThrow('lost');
      line.loseClaim();
      await expect(runner.recoverAll()).rejects.toThrow('lost');
      await runner.recoverAll();
      await Promise.all([world.status('one', 'COMPLETED'), world.status('two', 'COMPLETED')]);
      expect(world.effects.count('b')).toBe(4);
    });

    it('parks in the end what it could not park at first', async () => {
      await leaveBehind();
      await world.corrupt('s', 'damaged');
      const { runner, line } = await world.start([plan()], OFF);
      line.loseOnly(line.writes + 1, 'before');
      await runner.recover('s');
      expect((await world.storage.load('s'))?.record.heldReason).toBeUndefined();
      await runner.recoverAll();
      await world.held('s', 'unreadable');
    });

    it('is stopped by no saga that cannot be continued', async () => {
      await leaveBehind('damaged');
      await leaveBehind('newer');
      await leaveBehind('good');
      await world.corrupt('damaged', 'damaged');
      await world.corrupt('newer', 'newer');
      const { runner } = await world.start([plan()]);
      await world.status('good', 'COMPLETED');
      await Promise.all([world.held('damaged', 'unreadable'), world.held('newer', 'unreadable')]);
      expect((await runner.find({ held: 'unreadable' })).items).toHaveLength(2);
    });
  });
});
