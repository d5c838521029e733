import { ConflictException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { NonRetryableError, SagaInterruptedError } from '../../lib/index.js';
import { saga, type Behaviour } from '../e2e/application.js';
import { hang, refuse } from '../e2e/behaviours.js';
import { onEachStorage } from '../e2e/world.js';

describe("The caller learns the truth: the final context, the step's own error after the rollback, or that it is not known yet", () => {
  onEachStorage((world) => {
    const plan = (b: Behaviour = {}, a: Behaviour = {}) => saga('S', [world.step('a', a), world.step('b', b)]);

    it('resolves with the final context', async () => {
      const S = plan({ act: (context) => void (context.paid = true) });
      const { runner } = await world.start([S]);
      expect(await runner.run(S, { amount: 42 })).toEqual({ amount: 42, paid: true });
    });

    it("rejects with the step's own error, the very object, when everything is undone", async () => {
      const own = new ConflictException('sold out');
      const S = plan({
        act: () => {
          throw own;
        },
      });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toBe(own);
      expect(world.effects.log).toEqual(['a', 'b', '-a']);
      await world.status('s', 'FAILED');
    });

    it("rejects with the step's own error when not everything could be undone; the handle tells the status", async () => {
      const cannot = (): never => {
        throw new NonRetryableError('cannot');
      };
      const S = plan({ act: refuse }, { compensate: cannot });
      const { runner } = await world.start([S], { recovery: { interval: 60_000 } });
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow(ConflictException);
      expect(await (await runner.get('s')).record()).toMatchObject({ status: 'COMPENSATION_FAILED' });
    });

    it('rejects with whatever a step threw, an error or not', async () => {
      const S = plan({
        act: () => {
          throw 'just text';
        },
      });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toBe('just text');
      await expect((await runner.get('s')).result()).rejects.toMatchObject({ name: 'NonError', message: 'just text' });
    });

    it('says that the outcome is not known yet when the application closes', async () => {
      const S = plan({ act: hang });
      const { runner, close } = await world.start([S], { shutdown: { gracePeriod: 1 } });
      const caller = runner.run(S, {}, { id: 's' }).catch((error: unknown) => error);
      await world.seen('b');
      await close();
      const error = await caller;
      expect(error).toBeInstanceOf(SagaInterruptedError);
      expect(error).toMatchObject({ reason: 'closing', sagaId: 's', status: 503 });
    });

    it('says that the outcome is not known yet when the storage is gone', async () => {
      const S = plan({ act: () => line.breakDown() });
      const { runner, line } = await world.start([S], { lease: { duration: 1_000 } });
      const error = await runner.run(S, {}, { id: 's' }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SagaInterruptedError);
      expect(error).toMatchObject({ code: 'SAGA_INTERRUPTED', sagaId: 's' });
    });

    it('tells the truth about a saga that another process has finished', async () => {
      const S = plan({ act: hang });
      const first = await world.start([S]);
      await first.runner.start(S, { amount: 42 }, { id: 's' });
      await world.seen('b');
      await first.crash();

      const Mended = plan({ act: (context) => void (context.paid = true) });
      const { runner } = await world.start([Mended]);
      const handle = await runner.get<InstanceType<typeof Mended>>('s');
      expect(await handle.result()).toEqual({ amount: 42, paid: true });
    });

    it('rebuilds the error of a saga that failed elsewhere, so that a 409 stays a 409', async () => {
      const body = { statusCode: 409, message: 'sold out', items: ['book'] };
      const S = plan({
        act: () => {
          throw new ConflictException(body);
        },
      });
      const first = await world.start([S]);
      await expect(first.runner.run(S, {}, { id: 's' })).rejects.toThrow(ConflictException);

      const { runner } = await world.start([S]);
      const error = await runner.run(S, {}, { id: 's' }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ status: 409, response: body, name: 'ConflictException' });
      expect(world.effects.log).toEqual(['a', 'b', '-a']);
    });
  });
});
