import { describe, expect, it } from '@jest/globals';
import { eventually } from '../e2e/eventually.js';
import { CrashRun } from './crash-run.js';

const BY_DEFAULT = {};

describe('a process that is killed and started again on the same host', () => {
  it('has its sagas running within 2 seconds, whatever is left of the lease of 15', async () => {
    const run = new CrashRun('forward', BY_DEFAULT);
    expect(await run.run({ starts: true, crashAt: 'before act of B' })).toMatchObject({ signal: 'SIGKILL' });
    const killedAt = Date.now();

    const restarted = run.start({ starts: false });
    await restarted.ready;
    const upAt = Date.now();
    const again = await eventually(() => {
      const effect = run.effects().find(({ pid }) => pid === restarted.process.pid);
      if (effect === undefined) throw new Error('nothing is done yet');
      return effect;
    });
    console.log(
      `Killed; up again after ${String(upAt - killedAt)} ms; its saga was running ${String(again.at - killedAt)} ms after the kill`,
    );
    expect(again).toMatchObject({ step: 'B', attempt: 2 });
    expect(again.at - upAt).toBeLessThan(2_000);

    expect(await restarted.ended).toMatchObject({ code: 0, errors: '' });
    expect((await run.stored()).saga?.record.status).toBe('COMPLETED');
    run.dispose();
  }, 60_000);
});
