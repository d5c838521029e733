import { describe, expect, test } from '@jest/globals';
import { hasGivenUp, toUndo } from '../../../lib/engine/rules/undoable.js';
import type { SagaState } from '../../../lib/engine/rules/saga-state.js';
import { newStep } from '../../../lib/engine/rules/step-progress.js';
import type { Plan } from '../../../lib/definition/plan.js';
import { planOf } from '../../model/plans.js';
import { acted, after, claimed, created, failed, started, undone } from './told-log.js';

const plan = planOf('CCC');
const halfWay = planOf('CCC', { compensateOnFailure: true });

function stepsToUndo(of: Plan, state: SagaState): readonly string[] {
  return toUndo(of, state).map(({ step }) => step.name);
}

describe('what has to be undone', () => {
  test('is what acted, the last one first', () => {
    expect(stepsToUndo(plan, after(created, acted('C1', 'C2', 'C3')))).toEqual(['C3', 'C2', 'C1']);
  });

  test('is neither what is undone nor what an operator has resolved', () => {
    const skipped = { event: 'skipped', step: 'C2', phase: 'compensate', request: 'r', reason: 'by hand' } as const;
    expect(stepsToUndo(plan, after(created, acted('C1', 'C2', 'C3'), undone('C3'), skipped))).toEqual(['C1']);
  });

  test('is no step that only reads, and none that the plan does not know', () => {
    expect(stepsToUndo(planOf('OC'), after(created, acted('O1', 'C2', 'C9')))).toEqual(['C2']);
  });

  test('is no act that failed', () => {
    expect(stepsToUndo(plan, after(created, started('C1'), failed('C1')))).toEqual([]);
  });

  test('is no act that failed and would be tried again', () => {
    expect(stepsToUndo(plan, after(created, started('C1'), failed('C1', { retryIn: 1 })))).toEqual([]);
  });

  test('is an act that failed where its step can fail half-way', () => {
    expect(stepsToUndo(halfWay, after(created, started('C1'), failed('C1')))).toEqual(['C1']);
  });

  test.each([
    ['is in flight', []],
    ['was in flight when its worker died', [claimed]],
    ['may have happened', [failed('C1', { outcome: 'unknown' })]],
    ['may have happened, and would be tried again', [failed('C1', { outcome: 'unknown', retryIn: 1 })]],
  ])('is an act that %s', (_, log) => {
    expect(stepsToUndo(plan, after(created, started('C1'), log))).toEqual(['C1']);
  });

  describe('of a step that shares its transaction with its completion', () => {
    const inTransaction = { ...started('C1'), transactional: true } as const;

    test.each([
      ['is in flight', []],
      ['was in flight when its worker died', [claimed]],
    ])('is no act that %s', (_, log) => {
      expect(stepsToUndo(plan, after(created, inTransaction, log))).toEqual([]);
    });

    test('is an act that says that it does not know', () => {
      const unknown = failed('C1', { outcome: 'unknown' });
      expect(stepsToUndo(plan, after(created, inTransaction, unknown))).toEqual(['C1']);
    });

    test('is one that may have happened in an earlier attempt, which shared none', () => {
      expect(stepsToUndo(plan, after(created, started('C1'), claimed, inTransaction, claimed))).toEqual(['C1']);
    });

    test('is one that shared none, whatever an earlier attempt shared', () => {
      expect(stepsToUndo(plan, after(created, inTransaction, claimed, started('C1'), claimed))).toEqual(['C1']);
    });

    test('is one that was in flight where its step can fail half-way', () => {
      expect(stepsToUndo(halfWay, after(created, inTransaction, claimed))).toEqual(['C1']);
    });
  });

  test.each(['idle', 'skipped'] as const)('is no act that is %s', (status) => {
    const step = newStep('C1');
    const state = { ...after(created), steps: [{ ...step, act: { ...step.act, status } }] };
    expect(stepsToUndo(halfWay, state)).toEqual([]);
  });
});

describe('a compensation has given up', () => {
  test.each([
    ['failed', true],
    ['unknown', true],
    ['retrying', false],
    ['completed', false],
    ['idle', false],
  ] as const)('when it is %s: %s', (status, expected) => {
    const step = newStep('C1');
    expect(hasGivenUp({ ...step, compensation: { ...step.compensation, status } })).toBe(expected);
  });
});
