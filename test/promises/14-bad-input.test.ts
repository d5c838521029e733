import 'reflect-metadata';
import { IsPositive, IsString } from 'class-validator';
import { z } from 'zod';
import { describe, expect, it } from '@jest/globals';
import {
  ContextTooLargeError,
  InvalidSagaContextError,
  InvalidSagaIdError,
  JsonSagaSerializer,
  SagaNotFoundError,
  UnknownSagaError,
  UnserializableValueError,
} from '../../lib/index.js';
import { saga, type SagaType } from '../e2e/application.js';
import { onEachStorage, type Process } from '../e2e/world.js';

class Order {
  @IsString() orderId!: string;
  @IsPositive() amount!: number;
}

const orderSchema = z.object({ orderId: z.string(), amount: z.number().positive() });

describe('Bad input is refused before anything is stored, with an error that names saga, step and property', () => {
  onEachStorage((world) => {
    async function refused(process: Process, type: SagaType, given: unknown, id = 's'): Promise<unknown> {
      const { runner } = process;
      const errors = await Promise.all([
        runner.run(type, given as never, { id }).catch((error: unknown) => error),
        runner.start(type, given as never, { id }).catch((error: unknown) => error),
      ]);
      expect(errors[1]).toEqual(errors[0]);
      expect(await runner.find()).toEqual({ items: [] });
      expect(world.effects.log).toEqual([]);
      return errors[0];
    }

    it.each([
      ['class-validator', Order],
      ['zod', orderSchema],
    ])('an invalid context, by %s', async (_, context) => {
      const S = saga('OrderSaga', [world.step('a')], { context: context as typeof Order });
      const error = await refused(await world.start([S]), S, { orderId: 7, amount: -1 });
      expect(error).toBeInstanceOf(InvalidSagaContextError);
      expect(error).toMatchObject({
        status: 400,
        message: expect.stringContaining('OrderSaga'),
        problems: [{ path: 'orderId' }, { path: 'amount' }],
      });
    });

    it.each([null, undefined, 7, 'text', [1, 2]])('a context that is no object: %p', async (given) => {
      const S = saga('OrderSaga', [world.step('a')]);
      expect(await refused(await world.start([S]), S, given)).toBeInstanceOf(InvalidSagaContextError);
    });

    it('a value that would not come back as it is', async () => {
      const S = saga('OrderSaga', [world.step('a')]);
      const error = await refused(await world.start([S]), S, { items: [{ price: () => 42 }] });
      expect(error).toBeInstanceOf(UnserializableValueError);
      expect(error).toMatchObject({
        path: 'context.items[0].price',
        message: expect.stringContaining('OrderSaga'),
      });
    });

    it('a context that is too large', async () => {
      const S = saga('OrderSaga', [world.step('a')]);
      const process = await world.start([S], { serializer: new JsonSagaSerializer({ maxSize: 100 }) });
      expect(await refused(process, S, { text: 'x'.repeat(100) })).toBeInstanceOf(ContextTooLargeError);
    });

    it.each([
      ['empty', ''],
      ['too long', 'x'.repeat(256)],
    ])('an id that is %s', async (_, id) => {
      const S = saga('OrderSaga', [world.step('a')]);
      expect(await refused(await world.start([S]), S, {}, id)).toBeInstanceOf(InvalidSagaIdError);
    });

    it('a saga that this application does not have', async () => {
      const S = saga('OrderSaga', [world.step('a')]);
      const Unknown = saga('RefundSaga', [world.step('b')]);
      expect(await refused(await world.start([S]), Unknown, {})).toBeInstanceOf(UnknownSagaError);
    });

    it('an id that nobody has', async () => {
      const { runner } = await world.start([saga('OrderSaga', [world.step('a')])]);
      await expect(runner.get('nobody')).rejects.toThrow(SagaNotFoundError);
      await expect(runner.recover('nobody')).rejects.toThrow(SagaNotFoundError);
      await expect(
        new Promise((resolve, reject) => runner.watch('nobody').subscribe({ next: resolve, error: reject })),
      ).rejects.toMatchObject({ status: 404, code: 'SAGA_NOT_FOUND' });
    });
  });
});
