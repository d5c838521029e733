import { Global, Injectable, Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { SqliteSagaStorage } from 'nest-saga/sqlite';
import { SagaClosedError, SagaInterruptedError, SagaModule, SagaRunner } from '../../lib/index.js';
import { Effects, saga, step, type Application, type Behaviour } from '../e2e/application.js';
import { hang, refuse } from '../e2e/behaviours.js';
import { Gate, eventually } from '../e2e/eventually.js';
import { onEachStorage } from '../e2e/world.js';
import { freshFile, sqliteDrivers, type OpenedClient } from '../harness/sqlite-drivers.js';

/** Closes an application, and resolves when it has begun to close. */
async function beginToClose({
  runner,
  close,
}: Pick<Application, 'runner' | 'close'>): Promise<{ readonly closed: Promise<void> }> {
  const closed = close();
  await eventually(() => expect(runner.recoverAll()).rejects.toThrow(SagaClosedError));
  return { closed };
}

describe('Shutdown is graceful', () => {
  onEachStorage((world) => {
    const plan = (a: Behaviour = {}) => saga('S', [world.step('a', a), world.step('b')]);

    it('lets a running step end within the grace period, stores that it completed, and starts nothing more', async () => {
      const gate = new Gate();
      const S = plan({ act: () => gate.passed });
      const process = await world.start([S], { shutdown: { gracePeriod: 10_000 } });
      const caller = process.runner.run(S, {}, { id: 's' }).catch((error: unknown) => error);
      await world.seen('a');
      const { closed } = await beginToClose(process);
      gate.open();
      await closed;
      expect(await caller).toMatchObject({ reason: 'closing' });
      expect(await world.log('s')).toEqual(['created', 'started a', 'completed a']);
      expect(world.effects.log).toEqual(['a']);
    });

    it('stores what a step threw, and that the saga turns back, but starts no compensation', async () => {
      const gate = new Gate();
      const S = saga('S', [world.step('a'), world.step('b', { act: () => gate.passed.then(refuse) })]);
      const process = await world.start([S], { shutdown: { gracePeriod: 10_000 } });
      await process.runner.start(S, {}, { id: 's' });
      await world.seen('b');
      const { closed } = await beginToClose(process);
      gate.open();
      await closed;
      expect((await world.log('s')).slice(4)).toEqual(['failed b', 'compensating']);
      expect(world.effects.log).toEqual(['a', 'b']);
    });

    it('lets another worker take over at once', async () => {
      const S = plan({ act: hang });
      const first = await world.start([S], { lease: { duration: 3_600_000 }, shutdown: { gracePeriod: 1 } });
      await first.runner.start(S, {}, { id: 's' });
      await world.seen('a');
      await first.close();

      await world.start([plan()]);
      await world.status('s', 'COMPLETED');
      expect(world.effects.log).toEqual(['a', 'a', 'b']);
    });

    it('fires the signal of a step that outlasts the grace period, and writes nothing of what it does then', async () => {
      let signal: AbortSignal | undefined;
      const gate = new Gate();
      const S = plan({
        act: (_, execution) => {
          signal = execution.signal;
          return gate.passed;
        },
      });
      const { runner, close } = await world.start([S], { shutdown: { gracePeriod: 1 } });
      await runner.start(S, {}, { id: 's' });
      await world.seen('a');
      await close();
      expect(signal?.reason).toBeInstanceOf(SagaInterruptedError);
      gate.open();
      expect(await world.log('s')).toEqual(['created', 'started a']);
    });

    it('starts no new saga while the application closes', async () => {
      const S = plan({ act: hang });
      const process = await world.start([S], { shutdown: { gracePeriod: 500 } });
      const { runner } = process;
      await runner.start(S, {}, { id: 's' });
      await world.seen('a');
      const { closed } = await beginToClose(process);
      await expect(runner.run(S, {}, { id: 't' })).rejects.toThrow(SagaClosedError);
      await expect(runner.start(S, {}, { id: 't' })).rejects.toThrow(SagaClosedError);
      await closed;
      expect(await world.storage.load('t')).toBeUndefined();
    });

    it('says that the outcome is not known yet to everybody who waits', async () => {
      const S = plan({ act: hang });
      const { runner, close } = await world.start([S], { shutdown: { gracePeriod: 1 } });
      const handle = await runner.start(S, {}, { id: 's' });
      const waiting = [
        handle.result(),
        runner.run(S, {}, { id: 's' }),
        new Promise((resolve, reject) =>
          runner.watch('s').subscribe({ error: reject, complete: () => resolve('end') }),
        ),
        new Promise((resolve, reject) =>
          runner.stream(S, {}, { id: 's' }).subscribe({ error: reject, complete: () => resolve('end') }),
        ),
      ].map((waits) => waits.then(String, (error: unknown) => error));
      await world.seen('a');
      await close();
      for (const error of await Promise.all(waiting)) expect(error).toBeInstanceOf(SagaInterruptedError);
    });

    it('ends the wait for a retry at once; another worker goes on when it is due', async () => {
      const HOUR = 3_600_000;
      const retry = { retryCount: 2, retryDelay: HOUR, maxRetryDelay: HOUR };
      const S = plan({ act: refuse, options: { retry } });
      const first = await world.start([S], { shutdown: { gracePeriod: HOUR } });
      await first.runner.start(S, {}, { id: 's' });
      await world.logged('s', 'failed a');
      await first.close();
      await world.advance(HOUR);

      await world.start([plan({ options: { retry } })]);
      await world.status('s', 'COMPLETED');
      expect(world.effects.log).toEqual(['a', 'a', 'b']);
    });
  });
});

describe('Shutdown is graceful where another module owns the client', () => {
  const open = (file: string) => sqliteDrivers[0]!.open(file);

  /** Holds a client, and closes it in this hook, as the application's own modules do. */
  function owner(hook: string, file: string): Type<{ readonly client: OpenedClient }> {
    @Injectable()
    class Database {
      readonly client = open(file);
    }
    Object.defineProperty(Database.prototype, hook, {
      value(this: Database) {
        this.client.close();
      },
    });
    return Database;
  }

  const hooks = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'];
  const scopes = ['an imported', 'a global'];
  const cases = hooks.flatMap((hook) => scopes.map((scope) => ({ hook, scope })));

  it.each(cases)('stores what became of a step before $scope module closes it in $hook', async ({ hook, scope }) => {
    const file = freshFile();
    const Database = owner(hook, file);
    @Module({ providers: [Database], exports: [Database] })
    class DatabaseModule {}
    if (scope === 'a global') Global()(DatabaseModule);
    const gate = new Gate();
    const effects = new Effects();
    const steps = [step(effects, 'a', { act: () => gate.passed }), step(effects, 'b')];
    const S = saga('S', steps);
    const sagas = SagaModule.forRootAsync({
      imports: [DatabaseModule],
      inject: [Database],
      useFactory: ({ client }: { readonly client: OpenedClient }) => ({ storage: new SqliteSagaStorage({ client }) }),
    });
    // Of modules that do not import each other, Nest closes the last one first.
    const module = await Test.createTestingModule({
      imports: [sagas, DatabaseModule],
      providers: [S, ...(steps as never[])],
    }).compile();
    await module.init();
    const runner = module.get(SagaRunner);
    await runner.start(S, {}, { id: 's' });
    await eventually(() => expect(effects.log).toEqual(['a']));

    const { closed } = await beginToClose({ runner, close: () => module.close() });
    gate.open();
    await closed;

    const client = open(file);
    const storage = new SqliteSagaStorage({ client });
    const log = await storage.open().then(() => storage.history('s'));
    expect(log.map(({ event }) => event)).toEqual(['created', 'started', 'completed']);
    await storage.close();
    client.close();
  });
});
