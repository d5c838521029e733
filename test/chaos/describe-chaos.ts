import { describe, expect, it } from '@jest/globals';
import type { StorageName } from '../harness/process-storage.js';
import { runChaos } from './chaos-run.js';
import { toText } from './report.js';

/** The same each time; another one: `npm run chaos -- --storage <name> --seed <n>`. */
const SEED = 3;
const SECONDS = 6;

/** A short run of chaos, with a server of its own. */
export function describeChaos({ name }: { readonly name: StorageName }): void {
  describe('four processes that run random sagas while everything fails', () => {
    it('keep every promise, leave nothing unfinished, and all books balance', async () => {
      const report = await runChaos({ storage: name, seconds: SECONDS, seed: SEED, perSecond: 40 });
      const text = toText(report);
      console.log(text);
      if (report.violations.length > 0) throw new Error(text);
      expect(report.statuses).toMatchObject({ COMPLETED: expect.any(Number), FAILED: expect.any(Number) });
    }, 360_000);
  });
}
