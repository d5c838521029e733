import { describe, expect, it } from '@jest/globals';
import { SagaConflictError } from '../../lib/index.js';
import { saga, type Behaviour } from '../e2e/application.js';
import { refuse } from '../e2e/behaviours.js';
import { Gate } from '../e2e/eventually.js';
import { onEachStorage } from '../e2e/world.js';

describe('Same id, same saga: starting an id that exists joins the saga and runs nothing twice', () => {
  onEachStorage((world) => {
    const plan = (a: Behaviour = {}) => saga('S', [world.step('a', a), world.step('b')]);

    it('joins a saga that runs here', async () => {
      const gate = new Gate();
      const S = plan({ act: () => gate.passed });
      const { runner } = await world.start([S]);
      const callers = [1, 2, 3].map((n) => runner.run(S, { n }, { id: 's' }));
      await world.seen('a');
      gate.open();
      const [one, ...others] = await Promise.all(callers);
      expect(others).toEqual([one, one]);
      expect(world.effects.log).toEqual(['a', 'b']);
    });

    it('joins a saga that runs in another process', async () => {
      const gate = new Gate();
      const S = plan({ act: () => gate.passed });
      const processes = [await world.start([S]), await world.start([S]), await world.start([S])];
      const callers = processes.map(({ runner }, n) => runner.run(S, { n }, { id: 's' }));
      await world.seen('a');
      gate.open();
      const [one, ...others] = await Promise.all(callers);
      expect(others).toEqual([one, one]);
      expect(world.effects.log).toEqual(['a', 'b']);
    });

    it('gives the outcome of a saga that is finished', async () => {
      const S = plan({ act: (context) => void (context.n = 1) });
      const { runner } = await world.start([S]);
      await runner.run(S, {}, { id: 's' });
      expect(await runner.run(S, {}, { id: 's' })).toEqual({ n: 1 });
      expect(world.effects.log).toEqual(['a', 'b']);
    });

    it('gives the error of a saga that has failed, and does not try again', async () => {
      const S = plan({ act: refuse });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a']);
    });

    it('gives start() the same handle', async () => {
      const S = plan();
      const { runner } = await world.start([S]);
      const [one, two] = await Promise.all([runner.start(S, {}, { id: 's' }), runner.start(S, {}, { id: 's' })]);
      expect([one.id, two.id]).toEqual(['s', 's']);
      await Promise.all([one.result(), two.result()]);
      expect(world.effects.log).toEqual(['a', 'b']);
    });

    it("refuses an id that belongs to another definition's saga", async () => {
      const S = plan();
      const Other = saga('Other', [world.step('c')]);
      const { runner } = await world.start([S, Other]);
      await runner.run(S, {}, { id: 's' });
      const error = await runner.run(Other, {}, { id: 's' }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SagaConflictError);
      expect(error).toMatchObject({ status: 409, existing: 'S', requested: 'Other' });
      expect(world.effects.log).toEqual(['a', 'b']);
    });
  });
});
