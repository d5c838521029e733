import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SampleProcess } from './sample-process.js';

describe('the interceptors sample', () => {
  let sample: SampleProcess;
  let stories: string[];

  beforeAll(async () => {
    sample = SampleProcess.start('03-interceptors');
    expect(await sample.exited).toBe(0);
    stories = sample.output.trim().split(/\n(?=\S)/);
  }, 60_000);

  afterAll(() => sample.stop('SIGKILL'));

  test('logs each step in its trace, and what is deep below the step too', () => {
    expect(stories[0]).toContain(
      ['  [trace-a] charge-payment act …', '  [trace-a]   the bank takes 42', '  [trace-a] charge-payment act ✓'].join(
        '\n',
      ),
    );
    expect(sample.output).not.toContain('no trace');
  });

  test('stores the result as the interceptor has mapped it', () => {
    expect(stories[0]).toContain('order-1 COMPLETED');
    expect(stories[0]).toContain('"card":"…1234"');
    expect(sample.output).not.toContain('4000 0000');
  });

  test('goes back where a guard refuses a step, which is never called', () => {
    expect(stories[1]).not.toContain('the bank');
    expect(stories[1]).toContain('reserve-inventory compensate ✓');
    expect(stories[1]).toContain('order-2 undone: ForbiddenException');
  });

  test('compensates a step that was given up after its time, as nobody knows whether it happened', () => {
    expect(stories[2]).toMatch(/ship-order act ✗ TimeoutError[^]*ship-order compensate ✓[^]*gives the money back/);
    expect(stories[2]).toContain('order-3 undone: TimeoutError');
  });
});
