import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SampleProcess } from './sample-process.js';

describe('the crash sample', () => {
  let sample: SampleProcess;
  let forward: string;
  let back: string;

  beforeAll(async () => {
    sample = SampleProcess.start('02-crash-and-recover');
    expect(await sample.exited).toBe(0);
    [forward = '', back = ''] = sample.output.split('Killed while going back');
  }, 60_000);

  afterAll(() => sample.stop('SIGKILL'));

  test('goes on where the killed worker was, and acts again only what was in flight', () => {
    expect(workOf(forward)).toEqual([
      'worker 1  • saga created',
      'worker 1  → reserve-inventory',
      'worker 1  ✓ reserve-inventory done',
      'worker 1  → charge-payment',
      'worker 1  ✗ KILLED in order-1:charge-payment:act',
      'worker 2  ⚑ takes the saga over',
      'worker 2  → charge-payment, AGAIN',
      'worker 2  ✓ charge-payment done',
      'worker 2  → ship-order',
      'worker 2  ✓ ship-order done',
      'worker 2  • saga COMPLETED',
    ]);
    expect(forward).toMatch(/order-1:charge-payment:act +asked 2×, done 1×/);
  });

  test('goes on going back, and acts nothing again', () => {
    expect(workOf(back).slice(-7)).toEqual([
      'worker 1  ✗ KILLED in order-2:charge-payment:compensate',
      'worker 2  ⚑ takes the saga over',
      'worker 2  ← undo charge-payment, AGAIN',
      'worker 2  ✓ charge-payment undone',
      'worker 2  ← undo reserve-inventory',
      'worker 2  ✓ reserve-inventory undone',
      'worker 2  • saga FAILED: all is undone',
    ]);
    expect(back).toMatch(/order-2:charge-payment:compensate +asked 2×, done 1×/);
  });

  test('recovers long before the lease of the killed worker, 15 seconds, is over', () => {
    // About a second, most of which the second process needs to start; a busy machine takes a few.
    const seconds = [...sample.output.matchAll(/Recovered ([\d.]+) s after the kill/g)].map(([, text]) => Number(text));
    expect(seconds).toHaveLength(2);
    expect(Math.max(...seconds)).toBeLessThan(8);
  });
});

/** Who did what, without when. */
function workOf(story: string): string[] {
  return [...story.matchAll(/ s {2}(worker \d {2}.*)/g)].map(([, line]) => line!);
}
