import { describe, expect, it } from '@jest/globals';
import { eventually } from '../e2e/eventually.js';
import { onEachDatabase } from '../harness/on-each-database.js';
import { CrashRun } from './crash-run.js';

const BY_DEFAULT = {};

await onEachDatabase((kind) => {
  describe('a process that is killed and started again on the same host', () => {
    it('has its sagas running within 2 seconds, whatever is left of the lease of 15', async () => {
      const run = await CrashRun.create(kind, 'forward', BY_DEFAULT);
      const crashAt = { sagaId: 'crashed', name: 'before act of B' };
      expect(await run.run({ does: 'run', sagas: ['crashed'], crashAt })).toMatchObject({ signal: 'SIGKILL' });
      const killedAt = Date.now();

      const restarted = run.start({ does: 'finish', sagas: ['crashed'] });
      await restarted.ready;
      const upAt = Date.now();
      const again = await eventually(() => {
        const effect = run.effects('crashed').find(({ pid }) => pid === restarted.process.pid);
        if (effect === undefined) throw new Error('nothing is done yet');
        return effect;
      });
      console.log(
        `${kind.title}: killed; up again after ${String(upAt - killedAt)} ms; its saga was running ${String(again.at - killedAt)} ms after the kill`,
      );
      expect(again).toMatchObject({ step: 'B', attempt: 2 });
      expect(again.at - upAt).toBeLessThan(2_000);

      expect(await restarted.ended).toMatchObject({ code: 0, errors: '' });
      const [stored] = await run.stored(['crashed']);
      expect(stored?.saga?.record.status).toBe('COMPLETED');
      await run.dispose();
    }, 60_000);
  });
});
