import { describe, expect, it } from '@jest/globals';
import { ExecutionEndedError } from '../../lib/index.js';
import { StepAttempt } from '../../lib/engine/step-attempt.js';

function attemptAt(phase: 'act' | 'compensate'): StepAttempt {
  const save = async (): Promise<void> => undefined;
  return new StepAttempt({ sagaId: 's', sagaName: 'Order', stepName: 'Charge', phase, attempt: 1, save });
}

describe('an attempt', () => {
  it('tells a handler to stop that an interceptor has left behind', () => {
    const attempt = attemptAt('act');
    void attempt.enter(() => new Promise(() => undefined));
    const { signal } = attempt;
    expect(signal.aborted).toBe(false);
    attempt.end();
    expect(signal.reason).toBeInstanceOf(ExecutionEndedError);
  });

  it('does not abort one that has settled', async () => {
    const attempt = attemptAt('act');
    await attempt.enter(async () => 'done');
    attempt.end();
    expect(attempt.signal.aborted).toBe(false);
  });

  it('refuses a save once it has ended', async () => {
    const attempt = attemptAt('compensate');
    attempt.end();
    await expect(attempt.save()).rejects.toThrow(ExecutionEndedError);
  });

  it('carries a key of its saga, step and phase, the same for every attempt', () => {
    expect(attemptAt('act').idempotencyKey).toBe('s:Charge:act');
    expect(attemptAt('compensate').idempotencyKey).toBe('s:Charge:compensate');
  });

  it('knows in compensate by which key the act was done', () => {
    expect(attemptAt('act').actKey).toBe('s:Charge:act');
    expect(attemptAt('compensate').actKey).toBe('s:Charge:act');
  });
});
