import { describe, expect, it } from '@jest/globals';
import { eventually } from '../e2e/eventually.js';
import { onEachDatabase } from '../harness/on-each-database.js';
import { CrashRun } from './crash-run.js';

const BY_DEFAULT = {};

await onEachDatabase((kind) => {
  describe('a process that is killed and started again on the same host', () => {
    it('has its sagas running within 2 seconds of when its application begins to start, whatever is left of the lease of 15', async () => {
      const run = await CrashRun.create(kind, 'forward', BY_DEFAULT);
      const crashAt = [{ sagaId: 'crashed', name: 'before act of B' }];
      expect(await run.run({ does: 'run', sagas: ['crashed'], crashAt })).toMatchObject({ signal: 'SIGKILL' });

      const spawnedAt = Date.now();
      const restarted = run.start({ does: 'finish', sagas: ['crashed'] });
      const begunAt = await restarted.begun;
      const again = await eventually(() => {
        const effect = run.effects().find(({ pid }) => pid === restarted.process.pid);
        if (effect === undefined) throw new Error('nothing is done yet');
        return effect;
      });
      console.log(
        `${kind.title}: started again; its application began after ${String(begunAt - spawnedAt)} ms; its saga was running after ${String(again.at - spawnedAt)} ms`,
      );
      expect(again).toMatchObject({ step: 'B', attempt: 2 });
      // Before that Node reads the program, which on a busy machine alone may take as long.
      expect(again.at - begunAt).toBeLessThan(2_000);

      expect(await restarted.ended).toMatchObject({ code: 0, errors: '' });
      const [stored] = await run.stored(['crashed']);
      expect(stored?.saga?.record.status).toBe('COMPLETED');
      await run.dispose();
    }, 60_000);
  });
});
