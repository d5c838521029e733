import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsPositive } from 'class-validator';
import { describe, expect, it } from '@jest/globals';
import { JsonSagaSerializer, SagaSerializer, UnreadableValueError, type JsonValue } from '../../lib/index.js';
import { saga, type Behaviour } from './application.js';
import { hang, refuse } from './behaviours.js';
import { onEachStorage } from './world.js';

class Money {
  @IsPositive() cents!: number;

  get euros(): string {
    return (this.cents / 100).toFixed(2);
  }
}

class Order {
  @Type(() => Money) price!: Money;
  @Type(() => Date) placedAt!: Date;

  describe(): string {
    return `${this.price.euros} on ${this.placedAt.toISOString()}`;
  }
}

const GIVEN = { price: { cents: 4_200 }, placedAt: new Date(0) };

describe('contexts', () => {
  onEachStorage((world) => {
    it('of a class are its instances in every step, in compensations, and for the caller', async () => {
      const seen: unknown[] = [];
      const look = (context: unknown): void => void seen.push((context as Order).describe());
      const S = saga(
        'S',
        [
          world.step('a', { act: look, compensate: look }),
          world.step('b', { act: (context) => (look(context), context.placedAt === 'never' || undefined) }),
          world.step('c', { act: refuse }),
        ],
        { context: Order },
      );
      const Good = saga('Good', [world.step('d', { act: look })], { context: Order });
      const { runner } = await world.start([S, Good]);
      await expect(runner.run(S, GIVEN, { id: 's' })).rejects.toThrow('refused');
      const final = await runner.run(Good, GIVEN);
      expect(final).toBeInstanceOf(Order);
      expect(seen).toEqual(Array(4).fill('42.00 on 1970-01-01T00:00:00.000Z'));
      expect((await (await runner.get('s')).record()).context).toBeInstanceOf(Order);
    });

    it('of a class are its instances after a crash', async () => {
      const plan = (act: Behaviour['act']) =>
        saga('S', [world.step('a'), world.step('b', { act })], { context: Order });
      const S = plan(hang);
      const first = await world.start([S]);
      await first.runner.start(S, GIVEN, { id: 's' });
      await world.seen('b');
      await first.crash();
      let seen: unknown;
      await world.start([plan((context) => void (seen = context))]);
      await world.status('s', 'COMPLETED');
      expect(seen).toBeInstanceOf(Order);
      expect((seen as Order).price).toBeInstanceOf(Money);
    });

    it('keep what JSON has no word for', async () => {
      const rich = { big: 42n, map: new Map([['k', new Set([1, 2])]]), at: new Date(5), bytes: new Uint8Array([1, 2]) };
      const S = saga('S', [world.step('a', { act: (context) => void (context.again = context.map) })]);
      const { runner } = await world.start([S]);
      expect(await runner.run(S, rich)).toEqual({ ...rich, again: rich.map });
    });

    it('are what the serializer makes of them', async () => {
      class Sealing extends JsonSagaSerializer {
        override serializeContext(...given: Parameters<SagaSerializer['serializeContext']>): JsonValue {
          return { sealed: JSON.stringify(super.serializeContext(...given)) };
        }

        override restoreContext(stored: JsonValue, info: Parameters<SagaSerializer['restoreContext']>[1]): object {
          return super.restoreContext(JSON.parse((stored as { sealed: string }).sealed) as JsonValue, info);
        }
      }
      const S = saga('S', [world.step('a', { act: (context) => void (context.seen = true) })]);
      const { runner } = await world.start([S], { serializer: new Sealing() });
      expect(await runner.run(S, { secret: 'x' }, { id: 's' })).toEqual({ secret: 'x', seen: true });
      expect((await world.storage.load('s'))?.record.context).toEqual({ sealed: '{"secret":"x","seen":true}' });
    });

    describe('that cannot be restored', () => {
      /** A serializer whose key is gone. */
      class Broken extends JsonSagaSerializer {
        constructor(private readonly what: 'context' | 'result') {
          super();
        }

        override restoreContext(...given: Parameters<SagaSerializer['restoreContext']>): object {
          if (this.what === 'context') throw new UnreadableValueError('context', 'its key is gone', given[1]);
          return super.restoreContext(...given);
        }

        override restoreResult(...given: Parameters<SagaSerializer['restoreResult']>): unknown {
          if (this.what === 'result') throw new UnreadableValueError('result', 'its key is gone', given[1]);
          return super.restoreResult(...given);
        }
      }

      const plan = (b: Behaviour) => saga('S', [world.step('a', { act: () => 'receipt' }), world.step('b', b)]);

      it('park their saga, change no status and count nothing; it goes on when they can', async () => {
        const S = plan({ act: hang });
        const first = await world.start([S]);
        await first.runner.start(S, {}, { id: 's' });
        await world.seen('b');
        await first.crash();
        const broken = await world.start([plan({})], { serializer: new Broken('context') });
        await world.held('s', 'unreadable');
        expect(await broken.runner.recover('s')).toMatchObject({
          status: 'RUNNING',
          heldReason: { message: expect.stringContaining('its key is gone') },
        });
        expect(world.effects.log).toEqual(['a', 'b']);
        await broken.close();
        const { runner } = await world.start([plan({})]);
        expect(await runner.recover('s')).toMatchObject({ status: 'COMPLETED' });
      });

      it('park their saga in the middle of its first run too', async () => {
        const S = plan({});
        const { runner } = await world.start([S], { serializer: new Broken('context') });
        await expect(runner.run(S, {}, { id: 's' })).rejects.toMatchObject({
          code: 'SAGA_INTERRUPTED',
          reason: 'held',
        });
        await world.held('s', 'unreadable');
      });

      it('are results too: nothing is compensated without knowing what', async () => {
        const S = plan({ act: refuse });
        const { runner } = await world.start([S], { serializer: new Broken('result') });
        await expect(runner.run(S, {}, { id: 's' })).rejects.toMatchObject({
          code: 'SAGA_INTERRUPTED',
          reason: 'held',
        });
        await world.held('s', 'unreadable');
        expect(world.effects.log).toEqual(['a', 'b']);
      });
    });
  });
});
