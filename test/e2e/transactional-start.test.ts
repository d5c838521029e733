import { expect, it } from '@jest/globals';
import { firstValueFrom, toArray } from 'rxjs';
import { saga } from './application.js';
import { eventually } from './eventually.js';
import { onStoragesThatShare } from './world.js';

await onStoragesThatShare((world) => {
  const started = () => saga('Started', [world.step('reserve')]);

  it('runs at once after the commit, together with what its caller wrote', async () => {
    const Order = started();
    const { runner } = await world.start([Order], { recovery: { interval: 60_000 } });
    const transaction = await world.application.begin();
    await world.application.note(transaction.handle, 'order');
    const handle = await runner.start(Order, { a: 1 }, { id: 'b-1', transaction: transaction.handle });
    await expect(runner.get('b-1')).rejects.toMatchObject({ code: 'SAGA_NOT_FOUND' });
    await transaction.commit();
    expect(await handle.result()).toEqual({ a: 1 });
    expect(await world.notes()).toEqual(['order']);
    expect(await world.log('b-1')).toEqual(['created', 'claimed', 'started reserve', 'completed reserve', 'completed']);
  });

  it('never was when it is rolled back', async () => {
    const Order = started();
    const { runner } = await world.start([Order]);
    const transaction = await world.application.begin();
    await world.application.note(transaction.handle, 'order');
    await runner.start(Order, {}, { id: 'b-2', transaction: transaction.handle });
    await transaction.rollback();
    await expect(runner.get('b-2')).rejects.toMatchObject({ code: 'SAGA_NOT_FOUND' });
    expect(await world.notes()).toEqual([]);
    expect(world.effects.log).toEqual([]);
  });

  it('is waited for while its transaction is open, by result() and by watch()', async () => {
    const Order = started();
    const { runner } = await world.start([Order]);
    const transaction = await world.application.begin();
    const handle = await runner.start(Order, { a: 1 }, { id: 'b-3', transaction: transaction.handle });
    const result = handle.result();
    const events = firstValueFrom(handle.watch().pipe(toArray()));
    // A look or two of theirs find it open.
    await world.application.note(transaction.handle, 'order');
    await expect(runner.get('b-3')).rejects.toMatchObject({ code: 'SAGA_NOT_FOUND' });
    await transaction.commit();
    expect(await result).toEqual({ a: 1 });
    expect((await events).at(-1)).toMatchObject({ type: 'saga.completed' });
  });

  it('is waited for inside of its own transaction for ever: after ten seconds that is said, once', async () => {
    const Order = started();
    const warnings: string[] = [];
    const warn = (text: string): void => void warnings.push(text);
    const logger = { log: () => undefined, error: () => undefined, warn };
    const { runner } = await world.start([Order], { logger });
    const transaction = await world.application.begin();
    const handle = await runner.start(Order, { a: 1 }, { id: 'b-8', transaction: transaction.handle });
    const results = Promise.all([handle.result(), handle.result()]);
    await eventually(() => expect(warnings).not.toEqual([]), 20_000);
    await transaction.commit();
    expect(await results).toEqual([{ a: 1 }, { a: 1 }]);
    expect(warnings).toEqual([expect.stringContaining("'b-8' is waited for, and the transaction in which it was")]);
  }, 30_000);

  it('is not waited for any more once its transaction is rolled back: that is said', async () => {
    const Order = started();
    const { runner } = await world.start([Order]);
    const transaction = await world.application.begin();
    const handle = await runner.start(Order, {}, { id: 'b-4', transaction: transaction.handle });
    const waiting = [handle.result(), firstValueFrom(handle.watch())].map((promise) => expect(promise).rejects);
    await transaction.rollback();
    for (const each of waiting) {
      await each.toMatchObject({
        code: 'SAGA_NOT_STARTED',
        message: expect.stringContaining(`'b-4': the transaction in which it was started was rolled back`),
      });
    }
  });

  it('is found by the second handle that one transaction has of it', async () => {
    const Order = started();
    const { runner } = await world.start([Order]);
    const transaction = await world.application.begin();
    const options = { id: 'b-5', transaction: transaction.handle };
    await runner.start(Order, { a: 1 }, options);
    const second = await runner.start(Order, { a: 2 }, options);
    const result = second.result();
    await transaction.commit();
    expect(await result).toEqual({ a: 1 });
  });

  it('is left by those who wait when the application closes', async () => {
    const Order = started();
    const application = await world.start([Order]);
    const transaction = await world.application.begin();
    const handle = await application.runner.start(Order, {}, { id: 'b-6', transaction: transaction.handle });
    const left = expect(handle.result()).rejects.toMatchObject({ code: 'SAGA_INTERRUPTED', reason: 'closing' });
    await application.close();
    await left;
    await transaction.rollback();
  });

  it('is started by a transactional step, with its transaction', async () => {
    const Next = started();
    const First = saga('First', [
      world.local('hand over', {
        async act(_, execution) {
          const { transaction } = execution as never as { transaction: unknown };
          await runner.start(Next, {}, { id: 'n-1', transaction });
        },
      }),
    ]);
    const { runner } = await world.start([First, Next]);
    await runner.run(First, {});
    await (await runner.get('n-1')).result();
    expect(world.effects.log).toEqual(['hand over', 'reserve']);
  });

  it('is refused in what is no transaction', async () => {
    const Order = started();
    const { runner } = await world.start([Order]);
    for (const transaction of world.application.strangers) {
      if (transaction === undefined) continue;
      const starting = runner.start(Order, {}, { id: 'b-7', transaction });
      await expect(starting).rejects.toMatchObject({ code: 'SAGA_STORAGE_REJECTED' });
    }
  });
});
