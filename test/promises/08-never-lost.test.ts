import { describe, expect, it } from '@jest/globals';
import { NonRetryableError, RequestRefusedError, type ExhaustedPolicy } from '../../lib/index.js';
import { saga, type Behaviour } from '../e2e/application.js';
import { refuse } from '../e2e/behaviours.js';
import { onEachStorage } from '../e2e/world.js';

const cannot = (): never => {
  throw new NonRetryableError('the bank is closed');
};

/** Recovery tries no second round while a test runs. */
const ONE_ROUND = { recovery: { interval: 60_000 } };

describe('A compensation that cannot succeed is never lost', () => {
  onEachStorage((world) => {
    const plan = (b: Behaviour = { compensate: cannot }, onExhausted: ExhaustedPolicy = 'continue') =>
      saga('S', [world.step('a'), world.step('b', b), world.step('c', { act: refuse })], {
        compensation: { onExhausted },
      });

    it('is logged with its error, and the others go on', async () => {
      const S = plan();
      const { runner } = await world.start([S], ONE_ROUND);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'b', 'c', '-b', '-a']);
      const failed = (await world.storage.history('s')).find(({ event, step }) => event === 'failed' && step === 'b');
      expect(failed).toMatchObject({ phase: 'compensate', error: { message: 'the bank is closed' } });
    });

    it('stops the others where it is told to halt, and lets them go on when it is settled', async () => {
      const S = plan({ compensate: cannot }, 'halt');
      const { runner } = await world.start([S], ONE_ROUND);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'b', 'c', '-b']);

      await (await runner.get('s')).resolve('b', { reason: 'paid back by hand' });
      await world.status('s', 'COMPENSATION_FAILED');
      await (await runner.get('s')).retryCompensation();
      await world.status('s', 'FAILED');
      expect(world.effects.log).toEqual(['a', 'b', 'c', '-b', '-a']);
    });

    it('is listed as COMPENSATION_FAILED, with the error that turned the saga back', async () => {
      const S = plan();
      const { runner } = await world.start([S], ONE_ROUND);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      const { items } = await runner.find({ status: 'COMPENSATION_FAILED', step: 'c', error: 'refused' });
      expect(items).toMatchObject([{ id: 's', error: { message: 'refused', http: { status: 409 } } }]);
    });

    it('is tried again by recovery, in rounds that are further and further apart', async () => {
      const S = plan({ compensate: refuse });
      const { runner } = await world.start([S], { recovery: { interval: 10, maxAttempts: 3 } });
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      await world.seen('-b', 12);
      const rounds = (await world.storage.history('s')).flatMap((entry) =>
        entry.event === 'compensation-failed' ? [entry.retryIn] : [],
      );
      expect(rounds.slice(0, 3)).toEqual([10, 20, 40]);
    });

    it('is parked, and stays listed, when recovery has tried maxAttempts times', async () => {
      const S = plan();
      const { runner } = await world.start([S], { recovery: { interval: 5, maxAttempts: 2 } });
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      await world.held('s', 'attempts-exhausted');
      expect(await runner.find({ status: 'COMPENSATION_FAILED' })).toMatchObject({ items: [{ id: 's' }] });
      expect(world.effects.count('-b')).toBe(3);
    });

    it('can be tried again by an operator, parked or not', async () => {
      let open = false;
      const S = plan({ compensate: () => (open ? undefined : cannot()) });
      const { runner } = await world.start([S], { recovery: { interval: 5, maxAttempts: 1 } });
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      await world.held('s', 'attempts-exhausted');
      open = true;
      await (await runner.get('s')).retryCompensation({ by: 'ada' });
      await world.status('s', 'FAILED');
      expect(await world.storage.history('s')).toContainEqual(expect.objectContaining({ event: 'retried', by: 'ada' }));
    });

    it('can be resolved by an operator, with a reason that is logged', async () => {
      const S = plan();
      const { runner } = await world.start([S], ONE_ROUND);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      await (await runner.get('s')).resolve('b', { reason: 'paid back by hand', by: 'ada' });
      await world.status('s', 'FAILED');
      expect(await world.storage.history('s')).toContainEqual(
        expect.objectContaining({ event: 'skipped', step: 'b', reason: 'paid back by hand', by: 'ada' }),
      );
      expect(world.effects.count('-b')).toBe(1);
    });

    it('never hides the original error', async () => {
      const S = plan();
      const { runner } = await world.start([S], ONE_ROUND);
      const error = await runner.run(S, {}, { id: 's' }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ message: 'refused', status: 409 });
      expect(await runner.recover('s')).toMatchObject({
        status: 'COMPENSATION_FAILED',
        error: { message: 'refused', status: 409 },
      });
    });

    it('refuses to resolve what has not failed', async () => {
      const S = plan();
      const { runner } = await world.start([S], ONE_ROUND);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      const handle = await runner.get('s');
      await expect(handle.resolve('a', { reason: '?' })).rejects.toThrow(RequestRefusedError);
      await expect(handle.resolve('nobody', { reason: '?' })).rejects.toThrow('it has no step "nobody" that acted');
    });
  });
});
