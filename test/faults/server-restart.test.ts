import { describe, expect, it } from '@jest/globals';
import { times } from '../contract/storage-under-test.js';
import { Effects, saga, startApplication, step } from '../e2e/application.js';
import { refuse } from '../e2e/behaviours.js';
import { eventually } from '../e2e/eventually.js';
import { onEachOwnDatabase } from '../harness/own-databases.js';
import { connectTo } from '../harness/process-storage.js';

const SAGAS = 60;
/** Of the effects that there are in all, so many have been seen when the server dies: it dies in the middle of writes. */
const DEATHS = [30, 90, 150];

onEachOwnDatabase((kind) => {
  describe('a server that dies at once and comes back, again and again, under sagas that run', () => {
    it('keeps them waiting: each does everything once, forward or there and back, and its caller hears the truth', async () => {
      const database = await kind.start();
      const effects = new Effects();
      const last = (context: Record<string, unknown>): void => (context.fails === true ? refuse() : undefined);
      const S = saga('S', [step(effects, 'a'), step(effects, 'b'), step(effects, 'c', { act: last })]);
      const connected = [await connectTo(database.location), await connectTo(database.location)];
      const said: string[] = [];
      const applications = await Promise.all(
        connected.map(({ storage }) =>
          startApplication([S], {
            storage,
            // Nobody loses it to a server that is away for seconds.
            lease: { duration: 120_000 },
            logger: { log: () => undefined, warn: () => undefined, error: (text: string) => said.push(text) },
          }),
        ),
      );

      const run = (i: number): Promise<unknown> =>
        applications[i % 2]!.runner.run(S, { fails: i % 3 === 0 }, { id: `saga-${String(i)}` }).then(
          () => 'completed',
          (error: unknown) => (error as Error).message,
        );
      const told = times(SAGAS / 6, (i) => i).map(async (lane) => {
        const outcomes: unknown[] = [];
        for (let i = lane; i < SAGAS; i += SAGAS / 6) outcomes.push(await run(i));
        return outcomes;
      });
      for (const count of DEATHS) {
        await eventually(() => expect(effects.log.length).toBeGreaterThanOrEqual(count), 30_000);
        await database.restartAtOnce();
      }

      const outcomes = (await Promise.all(told)).flat();
      expect(outcomes.filter((outcome) => outcome === 'completed')).toHaveLength((SAGAS * 2) / 3);
      expect(outcomes.filter((outcome) => outcome === 'refused')).toHaveLength(SAGAS / 3);
      const counts = ['a', 'b', 'c', '-a', '-b', '-c'].map((effect) => effects.count(effect));
      expect(counts).toEqual([SAGAS, SAGAS, SAGAS, SAGAS / 3, SAGAS / 3, 0]);
      // Each outage is told once by each of them at most, however often they tried.
      expect(said.length).toBeLessThanOrEqual(2 * DEATHS.length);

      await Promise.all(applications.map((application) => application.close()));
      for (const { disconnect } of connected) await disconnect();
      await database.stop();
    }, 120_000);
  });
});
