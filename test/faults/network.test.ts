import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Effects, saga, startApplication, step, type Application, type SagaType } from '../e2e/application.js';
import { eventually } from '../e2e/eventually.js';
import { FaultyProxy } from '../harness/faulty-proxy.js';
import { onEachDatabase } from '../harness/on-each-database.js';
import type { ProcessDatabase } from '../harness/process-databases.js';
import {
  addressOf,
  connectTo,
  reachedBy,
  type ProcessStorage,
  type StorageLocation,
} from '../harness/process-storage.js';

/** What is sent with every write of a step's end. */
const WRITTEN = 'the result of a';

await onEachDatabase((kind) => {
  // There is none to a file.
  if (kind.name === 'sqlite') return;
  describe('the network to the database', () => {
    let database: ProcessDatabase;
    let proxy: FaultyProxy;
    let connected: ProcessStorage[];
    let applications: Application[];
    const effects = new Effects();

    let onFirstAct: (() => void) | undefined;

    const act = (): string => {
      onFirstAct?.();
      onFirstAct = undefined;
      return WRITTEN;
    };
    const S = saga('S', [step(effects, 'a', { act }), step(effects, 'b')]);

    beforeEach(async () => {
      effects.log.length = 0;
      onFirstAct = undefined;
      connected = [];
      applications = [];
      database = await kind.create();
    });
    afterEach(async () => {
      proxy.mend();
      await Promise.all(applications.map((application) => application.close()));
      for (const { disconnect } of connected) await disconnect();
      await proxy.close();
      await database.drop();
    });

    interface StartOptions {
      readonly location?: StorageLocation;
      readonly lease?: number;
      readonly answerTimeout?: number;
      readonly sagas?: readonly SagaType[];
    }

    async function start({
      location = database.location,
      lease = 20_000,
      sagas = [S],
      ...rest
    }: StartOptions = {}): Promise<Application> {
      const connection = await connectTo(location, rest);
      connected.push(connection);
      const application = await startApplication(sagas, { storage: connection.storage, lease: { duration: lease } });
      applications.push(application);
      return application;
    }

    async function startBehindProxy(options?: StartOptions): Promise<Application> {
      proxy = await FaultyProxy.before(addressOf(database.location)!);
      return start({ ...options, location: reachedBy(database.location, proxy.port) });
    }

    /** Resolves when the first step is under way, behind what happens then. */
    function duringFirstAct(happen: () => void): Promise<void> {
      return new Promise((resolve) => {
        onFirstAct = () => {
          happen();
          resolve();
        };
      });
    }

    it('loses the answer to a write: it is found again, and nothing is done twice', async () => {
      const { runner } = await startBehindProxy();
      const lost = proxy.loseAnswerTo(WRITTEN);
      expect(await runner.run(S, {}, { id: 's' })).toEqual({});
      await lost;
      expect(effects.log).toEqual(['a', 'b']);
      const history = await (await runner.get('s')).history();
      expect(history.map(({ event }) => event)).toEqual([
        'created',
        'started',
        'completed',
        'started',
        'completed',
        'completed',
      ]);
    }, 60_000);

    it('is reset: the saga goes on', async () => {
      const { runner } = await startBehindProxy();
      await runner.run(S, {}, { id: 'before' });
      proxy.reset();
      expect(await runner.run(S, {}, { id: 'behind' })).toEqual({});
      expect(effects.log).toEqual(['a', 'b', 'a', 'b']);
    }, 60_000);

    it('is slow: the saga is slow, and nothing else', async () => {
      const { runner } = await startBehindProxy();
      proxy.delayBy(50);
      expect(await runner.run(S, {}, { id: 's' })).toEqual({});
      expect(effects.log).toEqual(['a', 'b']);
    }, 60_000);

    it('is half-open: others finish the saga when the lease is over', async () => {
      const cutOff = await startBehindProxy({ lease: 1_000 });
      await start();
      const gone = duringFirstAct(() => proxy.fallSilent());
      const caller = cutOff.runner.run(S, {}, { id: 's' }).then(
        () => 'completed',
        (error: unknown) => (error as Error).name,
      );
      await gone;
      // Nothing mends the network: it is the lease that is over.
      expect(await caller).toBe('SagaInterruptedError');
      await eventually(() => expect(effects.log).toEqual(['a', 'a', 'b']), 20_000);
    }, 60_000);

    it('has forgotten the connections that there are: the saga goes on by new ones, and nothing is done twice', async () => {
      const { runner } = await startBehindProxy({ answerTimeout: 300 });
      const gone = duringFirstAct(() => proxy.silenceOpen());
      const context = runner.run(S, {}, { id: 's' });
      await gone;
      expect(await context).toEqual({});
      expect(effects.log).toEqual(['a', 'b']);
    }, 60_000);

    // Redis has no transactions to share.
    if (kind.name === 'redis') return;

    it('has forgotten the connection of a transactional step: the step has not happened, and is done again', async () => {
      const T = saga('T', [step(effects, 'a', { act, options: { transactional: true } }), step(effects, 'b')]);
      const { runner } = await startBehindProxy({ answerTimeout: 300, sagas: [T] });
      const gone = duringFirstAct(() => proxy.silenceOpen());
      const context = runner.run(T, {}, { id: 's' });
      await gone;
      expect(await context).toEqual({});
      expect(effects.log).toEqual(['a', 'a', 'b']);
    }, 60_000);
  });
});
