import { ConflictException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { lastValueFrom, toArray } from 'rxjs';
import { saga, type Behaviour } from './application.js';
import { hang, refuse } from './behaviours.js';
import { Gate, eventually } from './eventually.js';
import { onEachStorage } from './world.js';

const UUID_V7 = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

describe('running sagas', () => {
  onEachStorage((world) => {
    const plan = (a: Behaviour = {}) => saga('S', [world.step('a', a), world.step('b')]);

    it('gives a saga a UUIDv7 as its id, so that new ones stand together in an index', async () => {
      const S = plan();
      const { runner } = await world.start([S]);
      const ids: string[] = [];
      for (let i = 0; i < 3; i++) ids.push((await runner.start(S, {})).id);
      for (const id of ids) expect(id).toMatch(UUID_V7);
      const times = ids.map((id) => id.slice(0, 13));
      expect(times.toSorted()).toEqual(times);
    });

    it('completes a saga without steps at once', async () => {
      const S = saga('Empty', []);
      const { runner } = await world.start([S]);
      expect(await runner.run(S, { x: 1 }, { id: 's' })).toEqual({ x: 1 });
      expect(await world.log('s')).toEqual(['created', 'completed']);
      expect((await runner.find({ status: 'COMPLETED' })).items).toHaveLength(1);
    });

    it('is durable when start() resolves', async () => {
      const S = plan({ act: hang });
      const process = await world.start([S]);
      const { id } = await process.runner.start(S, {});
      process.line.cut();
      expect((await world.storage.load(id))?.record.status).toBe('RUNNING');
    });

    it('leaves a saga PENDING when there is no room, until there is', async () => {
      const gate = new Gate();
      const S = plan({ act: () => gate.passed });
      const { runner } = await world.start([S], { concurrency: 1, recovery: { interval: 60_000 } });
      const first = await runner.start(S, {});
      const second = await runner.start(S, {});
      expect(await second.record()).toMatchObject({
        status: 'PENDING',
        steps: [{ state: 'pending' }, { state: 'pending' }],
      });
      expect(world.effects.log).toEqual(['a']);
      gate.open();
      await Promise.all([first.result(), second.result()]);
      expect(world.effects.log).toEqual(['a', 'b', 'a', 'b']);
    });

    it('lets another worker that has room take a PENDING saga', async () => {
      const S = plan({ act: hang });
      const full = await world.start([S], { concurrency: 1, recovery: { enabled: false } });
      await full.runner.start(S, {});
      await full.runner.start(S, {}, { id: 'waiting' });
      await world.start([plan()]);
      await world.status('waiting', 'COMPLETED');
    });

    it('rejects run() of a PENDING saga that is cancelled', async () => {
      const S = plan({ act: hang });
      const { runner } = await world.start([S], { concurrency: 1 });
      await runner.start(S, {});
      const waiting = await runner.start(S, {});
      await waiting.cancel('no longer wanted');
      await expect(waiting.result()).rejects.toMatchObject({ code: 'SAGA_CANCELLED' });
      expect(await world.log(waiting.id)).toEqual(['created', 'claimed', 'cancelled', 'failed']);
    });

    it('starts a stream at its first subscription', async () => {
      const S = plan();
      const { runner } = await world.start([S]);
      const stream = runner.stream(S, {}, { id: 's' });
      expect(await world.storage.load('s')).toBeUndefined();
      const events = await lastValueFrom(stream.pipe(toArray()));
      expect(events.map(({ type }) => type)).toEqual([
        'saga.started',
        'step.started',
        'step.completed',
        'step.started',
        'step.completed',
        'saga.completed',
      ]);
    });

    it('lets later subscribers of a stream join, from its first event on', async () => {
      const gate = new Gate();
      const S = plan({ act: () => gate.passed });
      const { runner } = await world.start([S]);
      const stream = runner.stream(S, {});
      const one = lastValueFrom(stream.pipe(toArray()));
      await world.seen('a');
      const two = lastValueFrom(stream.pipe(toArray()));
      gate.open();
      expect(await two).toEqual(await one);
      expect(world.effects.log).toEqual(['a', 'b']);
    });

    it('ends the stream of a saga that fails like run(), behind its last event', async () => {
      const S = saga('S', [world.step('a'), world.step('b', { act: refuse })]);
      const { runner } = await world.start([S]);
      const types: string[] = [];
      const error = await new Promise((resolve) => {
        runner.stream(S, {}).subscribe({ next: ({ type }) => types.push(type), error: resolve });
      });
      expect(error).toBeInstanceOf(ConflictException);
      expect(types.slice(-3)).toEqual(['saga.compensating', 'step.compensated', 'saga.failed']);
    });

    it('ends the stream of a saga that is parked, like run()', async () => {
      const S = saga('S', [world.step('p', { act: () => () => 'a function', options: { kind: 'pivot' } })]);
      const { runner } = await world.start([S]);
      const error = await new Promise((resolve) => runner.stream(S, {}).subscribe({ error: resolve }));
      expect(error).toMatchObject({ code: 'SAGA_INTERRUPTED', reason: 'held' });
    });

    it('rejects the stream of what run() refuses', async () => {
      const { runner } = await world.start([plan()]);
      const Unknown = saga('Unknown', []);
      await expect(lastValueFrom(runner.stream(Unknown, {}))).rejects.toMatchObject({ code: 'SAGA_UNKNOWN' });
      await expect(lastValueFrom(runner.stream(plan(), {}))).rejects.toBeDefined();
    });

    it('runs many sagas at once', async () => {
      const S = plan();
      const { runner } = await world.start([S]);
      await Promise.all(Array.from({ length: 100 }, (_, n) => runner.run(S, { n })));
      await eventually(() => expect(world.effects.count('b')).toBe(100));
    });
  });
});
