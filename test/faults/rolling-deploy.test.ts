import { describe, expect, it } from '@jest/globals';
import { times } from '../contract/storage-under-test.js';
import { Effects, saga, startApplication, step, type Application, type SagaType } from '../e2e/application.js';
import { Gate, eventually } from '../e2e/eventually.js';
import { onEachDatabase } from '../harness/on-each-database.js';
import { connectTo, type ProcessStorage } from '../harness/process-storage.js';

const REPLICAS = 3;
const SAGAS = 9;

interface Replica extends Application {
  readonly connection: ProcessStorage;
}

await onEachDatabase((kind) => {
  describe('a deployment that rolls to code with one more step, and back', () => {
    it('strands no saga: each is finished by code of its own plan, which waits for it where there is none', async () => {
      const database = await kind.create();
      const effects = new Effects();
      const gate = new Gate();
      const held = { act: () => gate.passed };
      const Old = saga('S', [step(effects, 'a', held), step(effects, 'b')]);
      const New = saga('S', [step(effects, 'a', held), step(effects, 'b'), step(effects, 'c')], { version: 2 });

      const start = async (S: SagaType): Promise<Replica> => {
        const connection = await connectTo(database.location);
        return { connection, ...(await startApplication([S], { storage: connection.storage })) };
      };
      const stop = async ({ close, connection }: Replica): Promise<void> => {
        await close();
        await connection.disconnect();
      };
      /** One after the other, so that both run beside each other for a while. */
      const roll = async (S: SagaType): Promise<void> => {
        for (const i of times(REPLICAS, (index) => index)) {
          await stop(replicas[i]!);
          replicas[i] = await start(S);
        }
      };
      const begin = async (S: SagaType, prefix: string): Promise<void> => {
        const ids = times(SAGAS, (i) => `${prefix}-${String(i)}`);
        await Promise.all(ids.map((id, i) => replicas[i % REPLICAS]!.runner.start(S, {}, { id })));
      };
      const statusesOf = async (prefix: string): Promise<readonly string[]> => {
        const { items } = await replicas[0]!.runner.find({ limit: 100 });
        return items
          .filter(({ id }) => id.startsWith(prefix))
          .map(({ status, heldReason }) => heldReason?.code ?? status);
      };
      const become = (prefix: string, status: string): Promise<void> =>
        eventually(async () => expect(await statusesOf(prefix)).toEqual(times(SAGAS, () => status)), 20_000);

      const replicas = await Promise.all(times(REPLICAS, () => start(Old)));
      await begin(Old, 'old');
      await roll(New);
      await become('old', 'definition-changed');
      await begin(New, 'new');

      await roll(Old);
      await become('new', 'definition-changed');
      gate.open();
      await become('old', 'COMPLETED');

      await roll(New);
      await become('new', 'COMPLETED');
      expect(effects.count('c')).toBe(SAGAS);
      for (const prefix of ['old', 'new']) {
        for (const i of times(SAGAS, (index) => index)) {
          const history = await (await replicas[0]!.runner.get(`${prefix}-${String(i)}`)).history();
          const done = history.flatMap((entry) => (entry.event === 'completed' ? [entry.step] : []));
          expect(done.filter((name) => name !== undefined)).toEqual(prefix === 'old' ? ['a', 'b'] : ['a', 'b', 'c']);
          expect(history.some(({ event }) => event === 'compensating')).toBe(false);
        }
      }

      await Promise.all(replicas.map(stop));
      await database.drop();
    }, 90_000);
  });
});
