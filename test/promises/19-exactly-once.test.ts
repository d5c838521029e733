import { describe, expect, it } from '@jest/globals';
import { saga, type Behaviour } from '../e2e/application.js';
import { Gate } from '../e2e/eventually.js';
import { inMemory, onStoragesThatShare } from '../e2e/world.js';

describe('Exactly once where the database is shared: what a step has written, and that it is done, are there both or neither', () => {
  inMemory((world) => {
    it('is refused at the start, by name, where there is no transaction to share', async () => {
      const S = saga('S', [world.local('a')]);
      await expect(world.start([S])).rejects.toMatchObject({
        code: 'SAGA_CONFIGURATION',
        message: expect.stringMatching(/`transactional` needs a storage .* has none/),
      });
    });
  });
});

await onStoragesThatShare((world) => {
  const writes =
    (name: string, then: Behaviour['act'] = () => undefined): NonNullable<Behaviour['act']> =>
    async (context, execution) => {
      await world.note(execution, `${name} ${execution.attempt}`);
      return then(context, execution);
    };
  const undoes =
    (name: string): NonNullable<Behaviour['compensate']> =>
    (_context, _result, execution) =>
      world.note(execution, `-${name} ${execution.attempt}`);
  const plan = (c: Behaviour['act'] = () => undefined) =>
    saga('S', [
      world.local('a', { act: writes('a'), compensate: undoes('a') }),
      world.local('b', { act: writes('b'), compensate: undoes('b') }),
      world.step('c', { act: c }),
    ]);

  /** What the log says was done, in the words of the notes. */
  async function completed(id: string): Promise<string[]> {
    const entries = await world.storage.history(id);
    return entries
      .flatMap((entry) =>
        entry.event === 'completed' && entry.step !== undefined && entry.step !== 'c'
          ? [`${entry.phase === 'act' ? '' : '-'}${entry.step} ${entry.attempt}`]
          : [],
      )
      .toSorted();
  }

  it('whichever COMMIT is the last that its process makes, and whichever its process does not come to', async () => {
    for (const side of ['before', 'after'] as const) {
      for (const write of [2, 3]) {
        const id = `${side} ${write}`;
        const S = plan();
        const dying = await world.start([S], { recovery: { enabled: false } });
        dying.line.cutAt(write, side);
        const caller = dying.runner.run(S, {}, { id }).catch(() => undefined);
        await world.cut(dying);
        const before = await world.notes();
        const heir = await world.start([S]);
        await world.status(id, 'COMPLETED');
        const added = (await world.notes()).length - before.length;
        expect(added).toBe({ 'before 2': 2, 'after 2': 1, 'before 3': 1, 'after 3': 0 }[id]);
        dying.line.mend();
        await caller;
        await dying.close();
        await heir.close();
      }
    }
    const ids = ['before 2', 'before 3', 'after 2', 'after 3'];
    const logged = (await Promise.all(ids.map(completed))).flat();
    expect(await world.notes()).toEqual(logged.toSorted());
    expect(logged).toHaveLength(8);
  });

  it('on the way back as well', async () => {
    const S = plan(() => Promise.reject(new Error('c refuses')));
    for (const side of ['before', 'after'] as const) {
      const dying = await world.start([S], { recovery: { enabled: false } });
      // 1: created; 2, 3: what a and b did; 4: c failed; 5, 6: b and a are undone.
      dying.line.cutAt(5, side);
      const caller = dying.runner.run(S, {}, { id: side }).catch(() => undefined);
      await world.cut(dying);
      const heir = await world.start([S]);
      await world.status(side, 'FAILED');
      dying.line.mend();
      await caller;
      await dying.close();
      await heir.close();
    }
    const logged = [...(await completed('before')), ...(await completed('after'))];
    expect(await world.notes()).toEqual(logged.toSorted());
    expect(logged).toHaveLength(8);
  });

  it('when a worker comes back to its transaction that has lost the saga', async () => {
    const gate = new Gate();
    const Slow = saga('S', [world.local('a', { act: writes('a', () => gate.passed) })]);
    const Quick = saga('S', [world.local('a', { act: writes('a') })]);
    const slow = await world.start([Slow], { recovery: { enabled: false }, lease: { duration: 60_000 } });
    const caller = slow.runner.run(Slow, {}, { id: 's' }).catch((error: unknown) => error);
    await world.seen('a');
    await world.advance(120_000);
    await world.start([Quick]);
    await world.status('s', 'COMPLETED');
    gate.open();
    expect(await caller).toMatchObject({ reason: 'lease-lost' });
    expect(await world.notes()).toEqual(['a 2']);
    expect(await completed('s')).toEqual(['a 2']);
  });

  it('with each attempt that fails, of which nothing stays', async () => {
    const fails: Behaviour['act'] = (_, { attempt }) =>
      attempt < 3 ? Promise.reject(new Error('not yet')) : undefined;
    const S = saga('S', [
      world.local('a', { act: writes('a', fails), options: { retry: { retryCount: 3, retryDelay: 1 } } }),
    ]);
    const { runner } = await world.start([S]);
    await runner.run(S, {}, { id: 's' });
    expect(await world.notes()).toEqual(['a 3']);
    expect(await completed('s')).toEqual(['a 3']);
  });

  it('and so are a saga and what its caller wrote', async () => {
    const S = plan();
    const { runner } = await world.start([S]);
    for (const end of ['commit', 'rollback'] as const) {
      const transaction = await world.application.begin();
      await world.application.note(transaction.handle, `order ${end}`);
      const handle = await runner.start(S, {}, { id: end, transaction: transaction.handle });
      await transaction[end]();
      if (end === 'commit') await handle.result();
      else await expect(handle.result()).rejects.toMatchObject({ code: 'SAGA_NOT_STARTED' });
    }
    expect(await world.notes()).toEqual(['a 1', 'b 1', 'order commit']);
  });
});
