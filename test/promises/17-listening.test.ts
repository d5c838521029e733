import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { config, map, take } from 'rxjs';
import { saga } from '../e2e/application.js';
import { refuse } from '../e2e/behaviours.js';
import { Gate, eventually } from '../e2e/eventually.js';
import { onEachStorage } from '../e2e/world.js';

const fail = (): never => {
  throw new Error('the listener is broken');
};

describe('Listening breaks nothing', () => {
  onEachStorage((world) => {
    it('lets a watcher throw as it likes', async () => {
      const gate = new Gate();
      const S = saga('S', [world.step('a', { act: () => gate.passed }), world.step('b')]);
      const { runner } = await world.start([S]);
      await runner.start(S, {}, { id: 's' });
      const errors: unknown[] = [];
      runner
        .watch('s')
        .pipe(map(fail))
        .subscribe({ error: (error: unknown) => errors.push(error) });
      await eventually(() => expect(errors).toHaveLength(1));
      gate.open();
      await world.status('s', 'COMPLETED');
    });

    it('lets the observer of a watcher throw as it likes', async () => {
      const reported: unknown[] = [];
      config.onUnhandledError = (error) => reported.push(error);
      try {
        const S = saga('S', [world.step('a'), world.step('b')]);
        const { runner } = await world.start([S]);
        const seen: string[] = [];
        const stream = runner.stream(S, {}, { id: 's' });
        stream.subscribe({ next: fail });
        stream.subscribe({ next: ({ type }) => seen.push(type) });
        await world.status('s', 'COMPLETED');
        await eventually(() => expect(seen.at(-1)).toBe('saga.completed'));
        await eventually(() => expect(reported).toHaveLength(seen.length));
      } finally {
        config.onUnhandledError = null;
      }
    });

    it('stops no saga when its watchers leave, nor when all subscribers of its stream do', async () => {
      const gate = new Gate();
      const S = saga('S', [world.step('a', { act: () => gate.passed }), world.step('b')]);
      const { runner } = await world.start([S]);
      runner.stream(S, {}, { id: 's' }).pipe(take(1)).subscribe();
      await world.seen('a');
      runner.watch('s').subscribe().unsubscribe();
      gate.open();
      await world.status('s', 'COMPLETED');
    });

    it('lets the log sink throw as it likes', async () => {
      const logger = { log: (): void => undefined, error: fail, warn: fail };
      const S = saga('S', [world.step('a'), world.step('b', { act: refuse })]);
      const { runner, line } = await world.start([S], { logger });
      logger.log = fail;
      line.loseOnly(1, 'before');
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      await world.status('s', 'FAILED');
    });

    it('changes nothing by an interceptor that only observes', async () => {
      const seen: string[] = [];
      class Observing implements NestInterceptor {
        intercept(context: ExecutionContext, next: CallHandler) {
          seen.push(context.getHandler().name);
          return next.handle();
        }
      }
      const S = saga('S', [world.step('a'), world.step('b', { act: refuse })]);
      const { runner } = await world.start([S], { interceptors: [new Observing()] });
      await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow('refused');
      expect(seen).toEqual(['act', 'act', 'compensate']);
    });
  });
});
