import { describe, expect, it } from '@jest/globals';
import { saga, type Behaviour, type SagaType } from '../e2e/application.js';
import { hang, refuse } from '../e2e/behaviours.js';
import { eventually } from '../e2e/eventually.js';
import { onEachStorage, type World } from '../e2e/world.js';

describe('Strict backward recovery: COMPENSATING is durable before the first compensate is called; from then on no act runs again', () => {
  onEachStorage((world) => {
    /** `c` fails, unless a later release mends it. */
    function orderSaga({ b = {}, c = { act: refuse } }: { b?: Behaviour; c?: Behaviour } = {}): SagaType {
      return saga('OrderSaga', [world.step('a'), world.step('b', b), world.step('c', c)]);
    }

    it('goes back when the process dies inside the first compensation', async () => {
      const first = await start(world, orderSaga({ b: { compensate: hang } }));
      await world.seen('-b');
      await first.crash();

      await world.start([orderSaga()]);
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', 'b', 'c', '-b', '-b', '-a']);
    });

    it('goes back when the process dies between turning back and the first compensation', async () => {
      const S = orderSaga();
      const first = await world.start([S]);
      first.line.cutAt(4, 'after');
      await first.runner.start(S, {}, { id: 's' });
      await eventually(async () => expect(await world.log('s')).toContain('started -b'));
      await first.crash();
      expect(world.effects.log).toEqual(['a', 'b', 'c']);

      await world.start([orderSaga()]);
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', 'b', 'c', '-b', '-a']);
    });

    it('goes back whatever code is deployed by then', async () => {
      const first = await start(world, orderSaga({ b: { compensate: hang } }));
      await world.seen('-b');
      await first.crash();

      await world.start([orderSaga({ c: {} })]);
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', 'b', 'c', '-b', '-b', '-a']);
    });

    it('goes back however often its processes die', async () => {
      let process = await start(world, orderSaga({ b: { compensate: hang } }));
      for (const times of [1, 2, 3]) {
        await world.seen('-b', times);
        await process.crash();
        process = await world.start([orderSaga({ b: { compensate: hang }, c: {} })]);
      }
      await world.seen('-b', 4);
      await process.crash();

      await world.start([orderSaga({ c: {} })]);
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', 'b', 'c', '-b', '-b', '-b', '-b', '-b', '-a']);
    });

    it('goes back even when somebody asks to start it again', async () => {
      const first = await start(world, orderSaga({ b: { compensate: hang } }));
      await world.seen('-b');
      await first.crash();

      const Mended = orderSaga({ c: {} });
      const { runner } = await world.start([Mended]);
      await expect(runner.run(Mended, {}, { id: 's' })).rejects.toThrow('refused');
      expect(world.effects.count('c')).toBe(1);
    });
  });
});

async function start(world: World, type: SagaType) {
  const process = await world.start([type]);
  await process.runner.start(type, {}, { id: 's' });
  return process;
}
