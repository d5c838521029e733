import { describe, expect, it } from '@jest/globals';
import { Effects, saga, startApplication, step, type Application } from '../e2e/application.js';
import { onEachDatabase } from '../harness/on-each-database.js';
import { connectTo, type ProcessStorage } from '../harness/process-storage.js';

const REPLICAS = 10;
const CALLERS = 200;

await onEachDatabase((kind) => {
  describe(`${String(REPLICAS)} replicas that start at the same time on an empty database`, () => {
    it(`all come up, and of ${String(CALLERS)} callers with one id they run one saga, whose end all of them are told`, async () => {
      const database = await kind.create();
      const connected: ProcessStorage[] = [];
      for (let i = 0; i < REPLICAS; i++) connected.push(await connectTo(database.location));
      const effects = new Effects();
      const S = saga('S', [step(effects, 'a'), step(effects, 'b')]);
      const LONG = { lease: { duration: 60_000 } };
      const replicas: Application[] = await Promise.all(
        connected.map(({ storage }) => startApplication([S], { storage, ...LONG })),
      );
      const callers = Array.from({ length: CALLERS }, (_, i) =>
        replicas[i % REPLICAS]!.runner.run(S, { caller: i }, { id: 'wanted by all' }),
      );
      const told = await Promise.all(callers);
      expect(effects.log).toEqual(['a', 'b']);
      expect(new Set(told.map((context) => JSON.stringify(context))).size).toBe(1);

      await Promise.all(replicas.map((replica) => replica.close()));
      for (const { disconnect } of connected) await disconnect();
      await database.drop();
    }, 60_000);
  });
});
