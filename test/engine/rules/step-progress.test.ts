import { describe, expect, test } from '@jest/globals';
import {
  applyStepEntry,
  interruptStep,
  newStep,
  resetCompensation,
  type StepProgress,
} from '../../../lib/engine/rules/step-progress.js';
import type { StepEntry } from '../../../lib/storage/log-entry.js';
import { completed, failed, started, undoFailed, undoStarted, undone } from './told-log.js';

function stepAfter(at: number, ...entries: readonly unknown[]): StepProgress {
  return (entries.flat(2) as StepEntry[]).reduce<StepProgress>(
    (step, entry) => applyStepEntry(step, entry, at),
    newStep('C1'),
  );
}

const saved: StepEntry = { event: 'saved', step: 'C1', phase: 'act', attempt: 1 };
const unknown = { outcome: 'unknown' as const };

describe('an act', () => {
  test('counts its attempts, and those that failed', () => {
    const step = stepAfter(5, started('C1'), failed('C1', { retryIn: 10 }), started('C1', 2));
    expect(step).toMatchObject({
      act: { status: 'started', attempts: 2, failures: 1, dueAt: undefined },
      actStartedAt: 5,
    });
  });

  test('keeps what it returned', () => {
    const step = stepAfter(0, started('C1'), { ...completed('C1'), result: { id: 7 } });
    expect(step).toMatchObject({ act: { status: 'completed', attempts: 1, failures: 0 }, result: { id: 7 } });
  });

  test('that is tried again is due after its delay', () => {
    expect(stepAfter(5, started('C1'), failed('C1', { retryIn: 10 })).act).toMatchObject({
      status: 'retrying',
      dueAt: 15,
    });
  });

  test.each(['failed', 'unknown'] as const)('that ends as %s for good is not due', (outcome) => {
    expect(stepAfter(5, started('C1'), failed('C1', { outcome })).act).toMatchObject({
      status: outcome,
      dueAt: undefined,
    });
  });

  test('is in doubt when it is unknown, and no more when an attempt says that it failed', () => {
    expect(stepAfter(0, started('C1'), failed('C1', unknown)).doubtful).toBe(true);
    expect(stepAfter(0, started('C1'), failed('C1', unknown), failed('C1')).doubtful).toBeUndefined();
  });

  test('is in doubt when it is attempted again, and nothing tells how the attempt before ended', () => {
    const again = stepAfter(5, started('C1'), saved, started('C1', 2));
    expect(again).toMatchObject({ doubtful: true, lostAt: 5, saved: undefined });
    const shared = { ...started('C1'), transactional: true };
    expect(stepAfter(5, shared, started('C1', 2)).doubtful).toBeUndefined();
  });

  test('knows whether it hands over', () => {
    expect(stepAfter(0, started('C1'), failed('C1', { handover: true })).handover).toBe(true);
    expect(stepAfter(0, started('C1'), failed('C1')).handover).toBeUndefined();
  });

  test("that the saga's deadline cut short may still be on its way, as that of a dead worker", () => {
    const cut = { ...unknown, error: { name: 'SagaDeadlineError', message: 'too late', code: 'SAGA_DEADLINE' } };
    expect(stepAfter(5, started('C1'), failed('C1', cut)).lostAt).toBe(5);
    expect(stepAfter(5, started('C1'), failed('C1', unknown)).lostAt).toBeUndefined();
    expect(stepAfter(5, started('C1'), failed('C1', { ...cut, outcome: 'failed' })).lostAt).toBeUndefined();
  });

  test('that has saved knows it until the next attempt', () => {
    expect(stepAfter(0, started('C1'), saved).saved).toBe(true);
    expect(stepAfter(0, started('C1'), saved, started('C1', 2)).saved).toBeUndefined();
  });
});

describe('a compensation', () => {
  const acted = [started('C1'), completed('C1')];

  test('counts its attempts, and those that failed', () => {
    const step = stepAfter(5, acted, undoFailed('C1', { retryIn: 10 }));
    expect(step.compensation).toStrictEqual({ status: 'retrying', attempts: 1, failures: 1, dueAt: 15 });
    expect(step.act.status).toBe('completed');
  });

  test('is done, or resolved by an operator', () => {
    const skipped = { event: 'skipped', step: 'C1', phase: 'compensate', request: 'r', reason: '' };
    expect(stepAfter(0, acted, undone('C1')).compensation.status).toBe('completed');
    expect(stepAfter(0, acted, skipped).compensation.status).toBe('skipped');
  });

  test('may save, which says nothing of its act', () => {
    expect(stepAfter(0, acted, undoStarted('C1'), { ...saved, phase: 'compensate' })).toStrictEqual(
      stepAfter(0, acted, undoStarted('C1')),
    );
  });

  test.each([
    [undoFailed('C1'), { status: 'idle', attempts: 1, failures: 0 }],
    [undoFailed('C1', { retryIn: 10 }), { status: 'idle', attempts: 1, failures: 0, dueAt: undefined }],
    [undone('C1'), { status: 'completed', attempts: 1 }],
    [{ event: 'skipped', step: 'C1', phase: 'compensate', request: 'r', reason: '' }, { status: 'skipped' }],
  ])('gets its attempts back with a new round, unless it is done', (entries, expected) => {
    expect(resetCompensation(stepAfter(5, acted, entries)).compensation).toMatchObject(expected);
  });
});

describe('when the worker is gone', () => {
  test('an act in flight is in doubt, and its call may still be on its way', () => {
    expect(interruptStep(stepAfter(5, started('C1')))).toMatchObject({
      act: { status: 'interrupted', attempts: 1, failures: 0 },
      doubtful: true,
      lostAt: 5,
    });
  });

  test('a compensation in flight is interrupted, and says nothing of its act', () => {
    const step = interruptStep(stepAfter(5, started('C1'), completed('C1'), undoStarted('C1')));
    expect(step).toMatchObject({ act: { status: 'completed' }, compensation: { status: 'interrupted' } });
    expect(step.doubtful).toBeUndefined();
  });

  test.each([
    ['nothing', []],
    ['a completed act', [started('C1'), completed('C1')]],
    ['an act that waits for its next attempt', [started('C1'), failed('C1', { retryIn: 1 })]],
    ['a compensation that is done', [started('C1'), completed('C1'), undone('C1')]],
  ])('%s stays as it is', (_, entries) => {
    const step = stepAfter(0, entries);
    expect(interruptStep(step)).toBe(step);
  });
});
