import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel';
import { describe, expect, it } from '@jest/globals';
import { ConflictException } from '@nestjs/common';
import { OutcomeUnknownError, fallback, type FallbackOptions } from '../../lib/index.js';
import { saga, type Behaviour } from './application.js';
import { failing, hang, refuse } from './behaviours.js';
import { onEachStorage } from './world.js';

describe('a fallback', () => {
  onEachStorage((world) => {
    const plan = (
      primary: Behaviour,
      { backup = {}, last = {}, ...options }: FallbackOptions & { backup?: Behaviour; last?: Behaviour } = {},
    ) =>
      saga('S', [
        world.step('a'),
        fallback(world.step('card', primary), world.step('wallet', backup), options),
        world.step('z', last),
      ]);

    it('lets only the primary act where that succeeds', async () => {
      const S = plan({}, { last: { act: refuse } });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'card', 'z', '-card', '-a']);
    });

    it('lets the backup act where every attempt of the primary has failed, and undoes only the backup', async () => {
      const S = plan({ act: refuse, options: { retry: { retryCount: 2, retryDelay: 1 } } }, { last: { act: refuse } });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'card', 'card', 'wallet', 'z', '-wallet', '-a']);
      expect(await world.log('s')).toContain('completed wallet');
    });

    it('puts the context back before the backup acts', async () => {
      const S = plan({
        act: (context) => {
          context.card = 'charged half';
          refuse();
        },
      });
      const { runner } = await world.start([S]);
      expect(await runner.run(S, { amount: 42 })).toEqual({ amount: 42 });
    });

    it('turns back with the error of the backup where that fails too', async () => {
      const fail = (): never => {
        throw new ConflictException('the wallet is empty');
      };
      const S = plan({ act: refuse }, { backup: { act: fail } });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow('the wallet is empty');
      expect(world.effects.log).toEqual(['a', 'card', 'wallet', '-a']);
    });

    it('turns back at once for errors that `on` does not accept', async () => {
      const S = plan({ act: refuse }, { on: (error) => !(error instanceof ConflictException) });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'card', '-a']);
    });

    it('turns back where nobody knows whether the primary has acted: both must not', async () => {
      const S = plan({
        act: () => {
          throw new OutcomeUnknownError('?');
        },
      });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow(OutcomeUnknownError);
      expect(world.effects.log).toEqual(['a', 'card', '-card', '-a']);
    });

    it('goes on with the backup after a crash, and lets the primary be', async () => {
      const first = plan({ act: refuse }, { backup: { act: hang } });
      const process = await world.start([first]);
      await process.runner.start(first, {}, { id: 's' });
      await world.seen('wallet');
      await process.crash();
      await world.start([plan({})]);
      await world.status('s', 'COMPLETED');
      expect(world.effects.log).toEqual(['a', 'card', 'wallet', 'wallet', 'z']);
    });

    it('stops trying the primary while its circuit breaker is open', async () => {
      const policy = circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker: new ConsecutiveBreaker(2) });
      const errors: unknown[] = [];
      const S = plan({ act: failing(2) }, { policy, on: (error) => errors.push(error) > 0 });
      const { runner } = await world.start([S]);
      for (let i = 0; i < 4; i++) await runner.run(S, {});
      expect(world.effects.count('card')).toBe(2);
      expect(world.effects.count('wallet')).toBe(4);
      expect(errors.slice(2)).toEqual([expect.any(BrokenCircuitError), expect.any(BrokenCircuitError)]);
    });

    it('takes what its policy throws for thrown by the primary, at once or later', async () => {
      const policy = {
        execute: (): never => {
          throw new Error('no more than ten at once');
        },
      };
      const S = plan({}, { policy });
      const { runner } = await world.start([S]);
      await runner.run(S, {});
      expect(world.effects.log).toEqual(['a', 'wallet', 'z']);
    });

    it('runs its policy around act only', async () => {
      let executed = 0;
      const policy = {
        execute: async <T>(fn: () => PromiseLike<T> | T): Promise<T> => {
          executed++;
          return fn();
        },
      };
      const S = plan({}, { policy, last: { act: refuse } });
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['a', 'card', 'z', '-card', '-a']);
      expect(executed).toBe(1);
    });

    it('may have a fallback for its backup', async () => {
      const S = saga('S', [
        fallback(
          world.step('card', { act: refuse }),
          fallback(world.step('wallet', { act: refuse }), world.step('bank')),
        ),
        world.step('z', { act: refuse }),
      ]);
      const { runner } = await world.start([S]);
      await expect(runner.run(S, {})).rejects.toThrow('refused');
      expect(world.effects.log).toEqual(['card', 'wallet', 'bank', 'z', '-bank']);
    });
  });
});
