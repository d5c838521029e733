import { describe, expect, it } from '@jest/globals';
import { DEFAULT_RETRY, retryDelayAfter } from '../../lib/definition/retry-policy.js';

describe('retryDelayAfter', () => {
  it('grows with each attempt, up to the limit', () => {
    const schedule = { ...DEFAULT_RETRY, retryDelay: 100, retryBackoff: 3, maxRetryDelay: 1_000 };
    expect([1, 2, 3, 4, 1_000].map((attempt) => retryDelayAfter(attempt, schedule, 0.5))).toEqual([
      100, 300, 900, 1_000, 1_000,
    ]);
  });

  it('takes only the share that is random from chance', () => {
    const schedule = { ...DEFAULT_RETRY, retryDelay: 100, jitter: 0.25 };
    expect([0, 0.5, 1].map((random) => retryDelayAfter(1, schedule, random))).toEqual([75, 88, 100]);
  });
});
