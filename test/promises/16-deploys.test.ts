import { describe, expect, it } from '@jest/globals';
import { RequestRefusedError, SagaInterruptedError, type SagaOptions } from '../../lib/index.js';
import { saga, type Behaviour } from '../e2e/application.js';
import { hang, refuse } from '../e2e/behaviours.js';
import { Gate } from '../e2e/eventually.js';
import { onEachStorage } from '../e2e/world.js';

describe('A deploy never strands a saga', () => {
  onEachStorage((world) => {
    const plan = (
      names: readonly string[],
      behaviours: Record<string, Behaviour> = {},
      options: Omit<SagaOptions, 'steps'> = {},
    ) =>
      saga(
        'S',
        names.map((name) => world.step(name, behaviours[name])),
        options,
      );

    /** Leaves saga `s` of the steps a, b, c inside `b`, its process gone. */
    async function leaveBehind(type = plan(['a', 'b', 'c'], { b: { act: hang } }), inside = 'b'): Promise<void> {
      const process = await world.start([type]);
      await process.runner.start(type, {}, { id: 's' });
      await world.seen(inside);
      await process.crash();
    }

    it('goes on where the plan still matches, whatever else of the code is new', async () => {
      await leaveBehind();
      await world.start([
        plan(['a', 'b', 'c'], { c: { act: (context) => void (context.release = 2) } }, { version: 2 }),
      ]);
      await world.status('s', 'COMPLETED');
      expect(world.effects.log).toEqual(['a', 'b', 'b', 'c']);
    });

    it('holds a saga whose steps have changed: parked, with its status, and visible', async () => {
      await leaveBehind();
      const S = plan(['a', 'x', 'c']);
      const { runner } = await world.start([S]);
      await world.held('s', 'definition-changed');
      expect(await runner.find({ held: 'definition-changed' })).toMatchObject({
        items: [{ id: 's', status: 'RUNNING' }],
      });
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow(SagaInterruptedError);
      expect(world.effects.log).toEqual(['a', 'b']);
    });

    it('lets the right code claim a held saga, without being asked', async () => {
      await leaveBehind();
      const wrong = await world.start([plan(['a', 'x', 'c'])]);
      await world.held('s', 'definition-changed');
      await wrong.close();
      await world.start([plan(['a', 'b', 'c'])]);
      await world.status('s', 'COMPLETED');
    });

    it('lets both versions run while a deploy is under way, each with its own sagas', async () => {
      const gate = new Gate();
      const Old = plan(['a', 'b'], { b: { act: () => gate.passed } });
      const New = plan(['a', 'b', 'c'], { b: { act: () => gate.passed } });
      const first = await world.start([Old]);
      const second = await world.start([New]);
      await first.runner.start(Old, {}, { id: 'old' });
      await second.runner.start(New, {}, { id: 'new' });
      await world.seen('b', 2);
      gate.open();
      await Promise.all([world.status('old', 'COMPLETED'), world.status('new', 'COMPLETED')]);
      expect(await world.log('old')).not.toContain('started c');
      expect(await world.log('new')).toContain('completed c');
    });

    it('compensates where the policy says so, with the handlers that still exist', async () => {
      await leaveBehind();
      const { runner } = await world.start([plan(['a', 'b', 'd'], {}, { onDefinitionChange: 'compensate' })]);
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', 'b', '-b', '-a']);
      await expect((await runner.get('s')).result()).rejects.toMatchObject({ code: 'SAGA_DEFINITION_CHANGED' });
    });

    it('compensates a held saga that an operator cancels', async () => {
      await leaveBehind();
      const { runner } = await world.start([plan(['a', 'b', 'd'])]);
      await world.held('s', 'definition-changed');
      await (await runner.get('s')).cancel('the step is gone');
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', 'b', '-b', '-a']);
    });

    it('undoes what it can where a handler is gone, and keeps the rest visible', async () => {
      await leaveBehind();
      await world.start([plan(['a', 'd'], {}, { onDefinitionChange: 'compensate' })], {
        recovery: { interval: 5_000 },
      });
      await world.status('s', 'COMPENSATION_FAILED');
      expect(world.effects.log).toEqual(['a', 'b', '-a']);
    });

    it('parks a saga that was going back when a handler it needs disappeared, and goes on when it is back', async () => {
      await leaveBehind(plan(['a', 'b', 'c'], { c: { act: refuse }, b: { compensate: hang } }), '-b');
      const wrong = await world.start([plan(['a', 'c'])]);
      await world.held('s', 'handler-missing');
      await wrong.close();
      await world.start([plan(['a', 'b', 'c'])]);
      await world.status('s', 'FAILED');
      expect(world.effects.log.slice(-2)).toEqual(['-b', '-a']);
    });

    it('refuses to cancel a changed saga that has passed its pivot', async () => {
      const options = { kind: 'pivot' } as const;
      const rest = { options: { kind: 'retriable' } } as const;
      await leaveBehind(plan(['p', 'b'], { p: { options }, b: { ...rest, act: hang } }));
      const { runner } = await world.start([plan(['p', 'b', 'c'], { p: { options }, b: rest, c: rest })]);
      await world.held('s', 'definition-changed');
      await expect((await runner.get('s')).cancel()).rejects.toThrow(RequestRefusedError);
    });
  });
});
