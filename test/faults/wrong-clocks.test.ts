import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Effects, saga, startApplication, step, type Application, type SagaType } from '../e2e/application.js';
import { failing, hang } from '../e2e/behaviours.js';
import { eventually } from '../e2e/eventually.js';
import { moveHostClock, setHostClockRight } from '../e2e/host-clock.js';
import { StorageLine } from '../e2e/storage-line.js';
import { onEachDatabase } from '../harness/on-each-database.js';
import type { ProcessDatabase } from '../harness/process-databases.js';
import { connectTo, type ProcessStorage } from '../harness/process-storage.js';

const HOUR = 3_600_000;

await onEachDatabase((kind) => {
  describe.each([
    ['ahead', HOUR],
    ['behind', -HOUR],
  ])('a host clock that is an hour %s', (_, shift) => {
    let database: ProcessDatabase;
    let connected: ProcessStorage[];
    let applications: Application[];
    let effects: Effects;
    beforeEach(async () => {
      database = await kind.create();
      connected = [];
      applications = [];
      effects = new Effects();
    });
    afterEach(async () => {
      setHostClockRight();
      await Promise.all(applications.map((application) => application.close()));
      for (const { disconnect } of connected) await disconnect();
      await database.drop();
    });

    async function start(S: SagaType, lease: number): Promise<Application & { readonly line: StorageLine }> {
      const connection = await connectTo(database.location);
      connected.push(connection);
      const line = new StorageLine(connection.storage);
      const application = await startApplication([S], { storage: line, lease: { duration: lease } });
      applications.push(application);
      return { ...application, line };
    }

    it('takes nobody for gone', async () => {
      const S = saga('S', [step(effects, 'a', { act: hang })]);
      const owner = await start(S, 60_000);
      await owner.runner.start(S, {}, { id: 's' });
      await eventually(() => expect(effects.log).toEqual(['a']));
      moveHostClock(shift);
      const other = await start(S, 60_000);
      expect(await other.runner.recover('s')).toEqual({ id: 's', status: 'RUNNING' });
      expect(await other.runner.recoverAll()).toEqual({ sagas: [] });
      expect(effects.log).toEqual(['a']);
    });

    it('keeps nobody from taking over who is gone', async () => {
      const S = saga('S', [step(effects, 'a', { act: (__, { attempt }) => (attempt === 1 ? hang() : 'done') })]);
      const owner = await start(S, 1_000);
      await owner.runner.start(S, {}, { id: 's' });
      await eventually(() => expect(effects.log).toEqual(['a']));
      owner.line.cut();
      moveHostClock(shift);
      const other = await start(S, 60_000);
      await eventually(async () => expect((await other.runner.recover('s')).status).toBe('COMPLETED'));
      expect(effects.log).toEqual(['a', 'a']);
      owner.line.breakDown();
    });

    it('neither hastens nor delays retries and deadlines', async () => {
      const retried = { act: failing(2), options: { retry: { retryCount: 3, retryDelay: 50 } } };
      const S = saga('S', [step(effects, 'a', retried)], { deadline: HOUR / 2 });
      moveHostClock(shift);
      const { runner } = await start(S, 60_000);
      expect(await runner.run(S, {})).toEqual({});
      expect(effects.log).toEqual(['a', 'a', 'a']);
    });

    it('ends what has passed its deadline, and is told in no time that is stored', async () => {
      const S = saga('S', [step(effects, 'a'), step(effects, 'b', { act: hang })], { deadline: 500 });
      const before = Date.now();
      moveHostClock(shift);
      const { runner, line } = await start(S, 60_000);
      await expect(runner.run(S, {}, { id: 's' })).rejects.toMatchObject({ code: 'SAGA_DEADLINE' });
      expect(effects.log).toEqual(['a', 'b', '-b', '-a']);
      for (const { at } of await line.history('s')) {
        expect(Math.abs(at.getTime() - before)).toBeLessThan(HOUR / 2);
      }
      expect(await line.prune({ olderThan: HOUR / 2 })).toBe(0);
      expect(await line.prune({ olderThan: -1_000 })).toBe(1);
    });
  });
});
