import { describe, expect, it } from '@jest/globals';
import { NonRetryableError, OutcomeUnknownError, StaleSagaError, fallback, type LogEntry } from '../../lib/index.js';
import { saga, type Behaviour } from './application.js';
import { Gate } from './eventually.js';
import { onStoragesThatShare, type World } from './world.js';

await onStoragesThatShare((world) => {
  describe('a step that returns', () => returns(world));
  describe('a step that does not return', () => doesNotReturn(world));
  describe('a step that ends its transaction itself', () => endsItself(world));
  describe('a transaction that is lost', () => isLost(world));
  describe('a worker that has lost its saga', () => lostSaga(world));
  describe('among other steps', () => amongOthers(world));
});

async function entriesOf(world: World, id: string): Promise<readonly LogEntry[]> {
  return world.storage.history(id);
}

function returns(world: World): void {
  it('commits what it wrote together with its completion, in one row with the next start', async () => {
    const Order = saga('Order', [
      world.local('reserve', {
        async act(context, execution) {
          await world.note(execution, 'reserved');
          expect(await world.notes()).toEqual([]);
          context['reserved'] = true;
          return 'r-1';
        },
      }),
      world.step('charge', {
        async act() {
          expect(await world.notes()).toEqual(['reserved']);
        },
      }),
    ]);
    const { runner } = await world.start([Order]);
    expect(await runner.run(Order, {}, { id: 'o-1' })).toEqual({ reserved: true });
    expect(await world.log('o-1')).toEqual([
      'created',
      'started reserve',
      'completed reserve',
      'started charge',
      'completed charge',
      'completed',
    ]);
    expect((await entriesOf(world, 'o-1'))[1]).toMatchObject({ step: 'reserve', transactional: true });
    expect((await world.storage.load('o-1'))?.record.version).toBe(3);
  });

  it('is undone in a transaction of its own', async () => {
    const Order = saga('Undone', [
      world.local('reserve', {
        act: (_, execution) => world.note(execution, 'reserved'),
        async compensate(_context, _result, execution) {
          await world.note(execution, 'given back');
          expect(await world.notes()).toEqual(['reserved']);
        },
      }),
      world.step('charge', { act: () => Promise.reject(new Error('no money')) }),
    ]);
    const { runner } = await world.start([Order]);
    await expect(runner.run(Order, {})).rejects.toThrow('no money');
    expect(await world.notes()).toEqual(['given back', 'reserved']);
    expect(world.effects.log).toEqual(['reserve', 'charge', '-reserve']);
  });

  it('meets a cancel that comes while it runs, in the same transaction', async () => {
    const Order = saga('Cancelled', [
      world.local('reserve', {
        async act(_, execution) {
          await world.note(execution, 'reserved');
          void (await runner.get('x-1')).cancel('changed my mind');
          await world.requested('x-1');
        },
        compensate: (_context, _result, execution) => world.note(execution, 'given back'),
      }),
      world.step('charge'),
    ]);
    const { runner } = await world.start([Order]);
    await expect(runner.run(Order, {}, { id: 'x-1' })).rejects.toMatchObject({ code: 'SAGA_CANCELLED' });
    expect(world.effects.log).toEqual(['reserve', '-reserve']);
    expect(await world.notes()).toEqual(['given back', 'reserved']);
  });
}

function doesNotReturn(world: World): void {
  /** A saga of one step that writes and then behaves as told. */
  const reserving = (name: string, then: Behaviour['act'], options: object = {}) =>
    saga(name, [
      world.local('reserve', {
        async act(context, execution) {
          await world.note(execution, `attempt ${execution.attempt}`);
          return then?.(context, execution);
        },
        options,
      }),
    ]);

  it('writes nothing when it throws, and is not undone', async () => {
    const Order = reserving('Thrown', () => Promise.reject(new Error('sold out')));
    const { runner } = await world.start([Order]);
    await expect(runner.run(Order, {}, { id: 't-1' })).rejects.toThrow('sold out');
    expect(await world.notes()).toEqual([]);
    expect(world.effects.log).toEqual(['reserve']);
    expect(await world.log('t-1')).toEqual(['created', 'started reserve', 'failed reserve', 'failed']);
  });

  it('is attempted again by its retry policy, each time in a new transaction', async () => {
    const retry = { retryCount: 3, retryDelay: 1 };
    const Order = reserving(
      'Retried',
      (_, { attempt }) => (attempt < 3 ? Promise.reject(new Error('not yet')) : undefined),
      { retry },
    );
    const { runner } = await world.start([Order]);
    await runner.run(Order, {});
    expect(await world.notes()).toEqual(['attempt 3']);
  });

  it('has failed when it takes too long, and whatever it still does finds its transaction dead', async () => {
    const timedOut = new Gate();
    const late = new Gate<unknown>();
    const Order = reserving(
      'Late',
      async (_, execution) => {
        await timedOut.passed;
        await world.note(execution, 'late').catch((error: unknown) => late.open(error));
      },
      { timeout: 30 },
    );
    const { runner } = await world.start([Order]);
    await expect(runner.run(Order, {}, { id: 'l-1' })).rejects.toMatchObject({ code: 'SAGA_STEP_TIMEOUT' });
    const failed = (await entriesOf(world, 'l-1')).find(({ event }) => event === 'failed');
    expect(failed).toMatchObject({ outcome: 'failed' });
    timedOut.open();
    expect(await late.passed).toMatchObject({ code: 'SAGA_TRANSACTION_ENDED' });
    expect(world.effects.log).toEqual(['reserve']);
    expect(await world.notes()).toEqual([]);
  });

  it('has failed when the deadline cuts it short: there is nothing to undo, and nothing to wait for', async () => {
    const Order = saga(
      'Short',
      [
        world.local('reserve', {
          async act(_, execution) {
            await world.note(execution, 'reserved');
            await new Gate().passed;
          },
          options: { timeout: 60_000 },
        }),
      ],
      { deadline: 50 },
    );
    const { runner } = await world.start([Order]);
    await expect(runner.run(Order, {}, { id: 'd-1' })).rejects.toMatchObject({ code: 'SAGA_DEADLINE' });
    expect(await world.notes()).toEqual([]);
    expect(world.effects.log).toEqual(['reserve']);
    expect(await world.log('d-1')).toEqual(['created', 'started reserve', 'failed reserve', 'failed']);
  });

  it('is undone when it says that it does not know', async () => {
    const Order = reserving('Unknown', () => Promise.reject(new OutcomeUnknownError('the bank did not answer')));
    const { runner } = await world.start([Order]);
    await expect(runner.run(Order, {})).rejects.toThrow('the bank did not answer');
    expect(await world.notes()).toEqual([]);
    expect(world.effects.log).toEqual(['reserve', '-reserve']);
  });

  it('has failed when what it returns cannot be stored', async () => {
    const Order = reserving('Unstorable', () => () => 1);
    const { runner } = await world.start([Order]);
    await expect(runner.run(Order, {})).rejects.toMatchObject({ code: 'SAGA_UNSERIALIZABLE_VALUE' });
    expect(await world.notes()).toEqual([]);
    expect(world.effects.log).toEqual(['reserve']);
  });

  it('has failed when it saves in the middle, which would not be durable', async () => {
    const Order = reserving('Saving', (_, execution) => execution.save());
    const { runner } = await world.start([Order]);
    await expect(runner.run(Order, {})).rejects.toMatchObject({ code: 'SAGA_SAVE_IN_TRANSACTION' });
    expect(await world.notes()).toEqual([]);
  });

  it('is undone after it has failed where it says so, and is told that nothing stands', async () => {
    const seen: unknown[] = [];
    const Order = saga('Halfway', [
      world.local('reserve', {
        async act(_, execution) {
          await world.note(execution, 'reserved');
          throw new Error('sold out');
        },
        async compensate(_context, _result, execution) {
          seen.push(execution.outcome, await world.notes());
        },
        options: { compensateOnFailure: true },
      }),
    ]);
    const { runner } = await world.start([Order]);
    await expect(runner.run(Order, {})).rejects.toThrow('sold out');
    expect(world.effects.log).toEqual(['reserve', '-reserve']);
    expect(seen).toEqual(['failed', []]);
  });
}

function endsItself(world: World): void {
  it.each<[string, Behaviour['act'], object?]>([
    ['and returns', () => 1],
    ['and throws', () => Promise.reject(new Error('sold out'))],
    ['and takes too long', () => new Gate().passed, { timeout: 200 }],
  ])('%s may have happened: it is not tried again, and undone', async (_, then, options = {}) => {
    const outcomes: unknown[] = [];
    const Order = saga('Committed', [
      world.local('reserve', {
        async act(context, execution) {
          await world.note(execution, `attempt ${execution.attempt}`);
          await world.application.commitItself((execution as never as { transaction: unknown }).transaction);
          return then?.(context, execution);
        },
        compensate: (_context, _result, execution) => void outcomes.push(execution.outcome),
        options: { retry: { retryCount: 3, retryDelay: 1 }, ...options },
      }),
    ]);
    const { runner } = await world.start([Order]);
    await expect(runner.run(Order, {})).rejects.toMatchObject({ code: 'SAGA_TRANSACTION_BROKEN' });
    expect(world.effects.log).toEqual(['reserve', '-reserve']);
    expect(outcomes).toEqual(['unknown']);
    expect(await world.notes()).toEqual(['attempt 1']);
  });
}

function isLost(world: World): void {
  const reserving = (name: string, then: Behaviour['act'] = () => undefined) =>
    saga(name, [
      world.local('reserve', {
        async act(context, execution) {
          await world.note(execution, `run ${world.effects.count('reserve')}`);
          return then(context, execution);
        },
      }),
    ]);
  const calm = ['created', 'started reserve', 'completed reserve', 'completed'];

  it('because it fails to serialize runs the step again, which is no outcome', async () => {
    const Order = reserving('Serialized', async (_, execution) => {
      if (world.effects.count('reserve') === 3) return;
      await world.application.collide((execution as never as { transaction: unknown }).transaction);
    });
    const { runner } = await world.start([Order]);
    await runner.run(Order, {}, { id: 's-1' });
    expect(await world.notes()).toEqual(['run 3']);
    expect(await world.log('s-1')).toEqual(calm);
  });

  it.each([
    ['behind its COMMIT is looked for in the log, and found', 'after', 'run 1'],
    ['before its COMMIT is made again, which is no outcome', 'before', 'run 2'],
  ] as const)('%s', async (_, side, written) => {
    const Order = reserving('Lost');
    const { runner, line } = await world.start([Order]);
    line.loseOnly(2, side);
    await runner.run(Order, {}, { id: 'lost' });
    expect(await world.notes()).toEqual([written]);
    expect(await world.log('lost')).toEqual(calm);
  });

  it('and whose COMMIT lands late, while the step is done again, stands; the other one does not', async () => {
    const Order = saga('Late', [
      world.local('reserve', {
        act: (_, execution) => world.note(execution, `run ${world.effects.count('reserve')}`),
      }),
      world.step('charge'),
    ]);
    const { runner, line } = await world.start([Order]);
    const commit = line.holdCommit();
    const running = runner.run(Order, {}, { id: 'late' });
    await world.seen('reserve', 2);
    commit.land();
    await running;
    expect(await world.notes()).toEqual(['run 1']);
    expect(await world.log('late')).toEqual([
      'created',
      'started reserve',
      'completed reserve',
      'started charge',
      'started charge',
      'completed charge',
      'completed',
    ]);
  });
}

function lostSaga(world: World): void {
  it('leaves nothing of the transaction that it was in', async () => {
    const taken = new Gate();
    const plan = (name: string, behaviour: Behaviour['act']) =>
      saga('Stale', [
        world.local('reserve', {
          async act(context, execution) {
            await world.note(execution, name);
            await behaviour?.(context, execution);
          },
        }),
      ]);
    const Slow = plan('by the first one', () => taken.passed);
    const first = await world.start([Slow], { recovery: { enabled: false }, lease: { duration: 60_000 } });
    const running = first.runner.run(Slow, {}, { id: 's' });
    await world.seen('reserve');
    await world.advance(120_000);
    await world.start([plan('by the other one', () => undefined)]);
    await world.status('s', 'COMPLETED');
    taken.open();
    await expect(running).rejects.toMatchObject({ reason: 'lease-lost', cause: expect.any(StaleSagaError) });
    expect(await world.notes()).toEqual(['by the other one']);
    expect(await world.log('s')).toEqual([
      'created',
      'started reserve',
      'claimed',
      'started reserve',
      'completed reserve',
      'completed',
    ]);
  });

  it('and died while its COMMIT was on its way keeps the others out until that has landed; they go on behind it', async () => {
    const Order = saga('Landing', [
      world.local('reserve', { act: (_, execution) => world.note(execution, `attempt ${execution.attempt}`) }),
      world.step('charge'),
    ]);
    const dying = await world.start([Order], { recovery: { enabled: false } });
    const commit = dying.line.holdCommit();
    const running = dying.runner.run(Order, {}, { id: 's' }).catch(() => undefined);
    await commit.underWay;
    await dying.crash();
    const heir = await world.start([Order]);
    expect(await heir.runner.recoverAll()).toEqual({ sagas: [] });
    expect(await world.log('s')).toEqual(['created', 'started reserve']);
    commit.land();
    await world.status('s', 'COMPLETED');
    expect(await world.notes()).toEqual(['attempt 1']);
    expect(await world.log('s')).toEqual([
      'created',
      'started reserve',
      'completed reserve',
      'started charge',
      'claimed',
      'started charge',
      'completed charge',
      'completed',
    ]);
    dying.line.mend();
    await running;
  });

  it('leaves nothing when it dies before its COMMIT, and everything when it dies behind it', async () => {
    const Order = saga('Dying', [
      world.local('reserve', { act: (_, execution) => world.note(execution, `attempt ${execution.attempt}`) }),
      world.step('charge'),
    ]);
    for (const [side, notes] of [
      ['before', ['attempt 2']],
      ['after', ['attempt 1', 'attempt 2']],
    ] as const) {
      const dying = await world.start([Order], { recovery: { enabled: false } });
      dying.line.cutAt(2, side);
      const running = dying.runner.run(Order, {}, { id: side }).catch(() => undefined);
      await world.cut(dying);
      const heir = await world.start([Order]);
      await world.status(side, 'COMPLETED');
      expect(await world.notes()).toEqual(notes);
      dying.line.mend();
      await running;
      await dying.close();
      await heir.close();
    }
  });
}

function amongOthers(world: World): void {
  it('behind the pivot is attempted until it commits, and leaves one row', async () => {
    const Order = saga('Behind', [
      world.step('charge', { options: { kind: 'pivot' } }),
      world.local('book', {
        async act(_, execution) {
          await world.note(execution, `attempt ${execution.attempt}`);
          if (execution.attempt < 4) throw new Error('not yet');
        },
        options: { kind: 'retriable', retry: { retryDelay: 1 } } as never,
      }),
    ]);
    const { runner } = await world.start([Order]);
    await runner.run(Order, {});
    expect(await world.notes()).toEqual(['attempt 4']);
  });

  it.each<[string, Behaviour['act'], object?]>([
    ['fails', () => Promise.reject(new NonRetryableError('declined'))],
    ['takes too long, which a plain step would have to undo', () => new Gate().passed, { timeout: 200 }],
  ])('hands over to its backup when it %s', async (_, then, options = {}) => {
    const paying = (name: string, act: Behaviour['act'] = () => undefined) =>
      world.local(name, {
        async act(context, execution) {
          await world.note(execution, name);
          return act(context, execution);
        },
        compensate: (_context, _result, execution) => world.note(execution, `${name} undone`),
        options,
      });
    const Order = saga('Fallback', [
      fallback(paying('card', then), paying('wallet')),
      world.step('ship', { act: (context) => (context['ships'] ? undefined : Promise.reject(new Error('no truck'))) }),
    ]);
    const { runner } = await world.start([Order]);
    await runner.run(Order, { ships: true });
    expect(await world.notes()).toEqual(['wallet']);
    await expect(runner.run(Order, {})).rejects.toThrow('no truck');
    expect(await world.notes()).toEqual(['wallet', 'wallet', 'wallet undone']);
    expect(world.effects.count('-card')).toBe(0);
  });
}
