import { describe, expect, test } from '@jest/globals';
import { actNotDone, compensateNotDone, type Misfortune } from '../../../lib/engine/rules/attempt-outcome.js';
import type { Plan, StepPlan } from '../../../lib/definition/plan.js';
import type { SagaState } from '../../../lib/engine/rules/saga-state.js';
import type { EntryDraft } from '../../../lib/storage/log-entry.js';
import { planOf } from '../../model/plans.js';
import { ERROR, acted, after, claimed, created, failed, started, turned, undoFailed, undoStarted } from './told-log.js';

const THREW: Misfortune = {
  outcome: 'failed',
  error: ERROR,
  retryable: true,
  handover: false,
  unstorable: false,
  random: 0,
};
const TIMED_OUT: Misfortune = { ...THREW, outcome: 'unknown' };

function stepOf(plan: Plan, name: string): StepPlan {
  const step = plan.steps.get(name);
  if (step === undefined) throw new Error(`no step "${name}"`);
  return step;
}

function act(plan: Plan, step: string, state: SagaState, seen: Partial<Misfortune> = {}): EntryDraft {
  return actNotDone(plan, stepOf(plan, step), state, 1, { ...THREW, ...seen });
}

const inFlight = after(created, started('C1'));
const died = after(created, started('C1'), claimed, started('C1', 2));

describe('an act that threw', () => {
  const once = planOf('C');
  const thrice = planOf('C', { acts: 3 });

  test('did not happen', () => {
    expect(act(once, 'C1', inFlight)).toStrictEqual({
      event: 'failed',
      step: 'C1',
      phase: 'act',
      attempt: 1,
      outcome: 'failed',
      error: ERROR,
    });
  });

  test('is tried again, retryCount times in all, after a growing delay', () => {
    const second = after(created, started('C1'), failed('C1', { retryIn: 10 }), started('C1', 2));
    const third = after(created, started('C1'), failed('C1', { retryIn: 10 }), failed('C1', { retryIn: 20 }));
    expect(act(thrice, 'C1', inFlight)).toMatchObject({ retryIn: 10 });
    expect(act(thrice, 'C1', second)).toMatchObject({ retryIn: 20 });
    expect(act(thrice, 'C1', third)).not.toHaveProperty('retryIn');
  });

  test('is not tried again where its error forbids it', () => {
    expect(act(thrice, 'C1', inFlight, { retryable: false })).not.toHaveProperty('retryIn');
  });

  test('does not pay with an attempt for a crash', () => {
    expect(act(planOf('C', { acts: 2 }), 'C1', died)).toMatchObject({ retryIn: 10 });
  });

  test('is in doubt when an earlier attempt was', () => {
    expect(act(once, 'C1', died)).toMatchObject({ outcome: 'unknown' });
  });

  test('is in doubt when it had saved', () => {
    const saved = after(created, started('C1'), { event: 'saved', step: 'C1', phase: 'act', attempt: 1 });
    expect(act(once, 'C1', saved)).toMatchObject({ outcome: 'unknown' });
  });
});

test('an act that timed out is unknown', () => {
  expect(act(planOf('C'), 'C1', inFlight, TIMED_OUT)).toMatchObject({ outcome: 'unknown' });
});

test('an act whose result cannot be stored is unknown', () => {
  expect(act(planOf('C'), 'C1', inFlight, { ...TIMED_OUT, unstorable: true })).toMatchObject({
    event: 'failed',
    outcome: 'unknown',
  });
});

describe('a pivot', () => {
  const plan = planOf('CPR');
  const pivoting = after(created, acted('C1'), started('P2'));

  test('is acted until it is known', () => {
    expect(act(plan, 'P2', pivoting, { ...TIMED_OUT, retryable: false })).toMatchObject({
      outcome: 'unknown',
      retryIn: 10,
    });
  });

  test('has failed when it is asked again and throws: that is an answer', () => {
    const again = after(created, acted('C1'), started('P2'), claimed, started('P2', 2));
    const answer = act(plan, 'P2', again);
    expect(answer).toMatchObject({ outcome: 'failed' });
    expect(answer).not.toHaveProperty('retryIn');
  });

  test('parks the saga when its result cannot be stored', () => {
    expect(act(plan, 'P2', pivoting, { ...TIMED_OUT, unstorable: true })).toStrictEqual({
      event: 'held',
      held: { code: 'unstorable-result', message: 'step "P2": sold out' },
    });
  });

  test('fails when its result cannot be stored and it was rolled back', () => {
    expect(act(plan, 'P2', pivoting, { retryable: false, unstorable: true })).toMatchObject({
      event: 'failed',
      outcome: 'failed',
    });
  });
});

describe('behind the pivot, a step', () => {
  const plan = planOf('PRO');
  const behind = after(created, acted('P1'), started('R2'));

  test.each(['R2', 'O3'])('is acted until it succeeds, whatever it throws: %s', (step) => {
    expect(act(plan, step, behind, { retryable: false })).toMatchObject({ retryIn: 10 });
  });

  test('parks the saga when its result cannot be stored', () => {
    expect(act(plan, 'R2', behind, { ...TIMED_OUT, unstorable: true })).toMatchObject({ event: 'held' });
  });
});

describe('the primary of a fallback', () => {
  const plan = planOf('[CC][OO]', { acts: 2 });
  const last = after(created, started('C1'), failed('C1', { retryIn: 1 }), started('C1', 2));

  test('hands over when its last attempt has failed', () => {
    expect(act(plan, 'C1', last, { handover: true })).toMatchObject({ handover: true });
  });

  test('does not while it is tried again', () => {
    expect(act(plan, 'C1', inFlight, { handover: true })).not.toHaveProperty('handover');
  });

  test('does not for errors that it is not meant for', () => {
    expect(act(plan, 'C1', last, { handover: false })).not.toHaveProperty('handover');
  });

  test('does not while it may have happened: then both might have', () => {
    expect(act(plan, 'C1', last, { ...TIMED_OUT, handover: true })).not.toHaveProperty('handover');
  });

  test('does even then where it only reads', () => {
    const reading = after(created, started('O3'), failed('O3', { retryIn: 1 }), started('O3', 2));
    expect(act(plan, 'O3', reading, { ...TIMED_OUT, handover: true })).toMatchObject({ handover: true });
  });
});

describe('a compensation', () => {
  const plan = planOf('C', { undos: 2 });
  const back = after(created, acted('C1'), turned, undoStarted('C1'));

  test('is tried again, retryCount times in all', () => {
    expect(compensateNotDone(stepOf(plan, 'C1'), back, 1, TIMED_OUT)).toStrictEqual({
      event: 'failed',
      step: 'C1',
      phase: 'compensate',
      attempt: 1,
      outcome: 'unknown',
      error: ERROR,
      retryIn: 10,
    });
    const second = after(created, acted('C1'), turned, undoFailed('C1', { retryIn: 10 }), undoStarted('C1', 2));
    expect(compensateNotDone(stepOf(plan, 'C1'), second, 2, THREW)).toStrictEqual({
      event: 'failed',
      step: 'C1',
      phase: 'compensate',
      attempt: 2,
      outcome: 'failed',
      error: ERROR,
    });
  });

  test('is not tried again where its error forbids it', () => {
    const never = compensateNotDone(stepOf(plan, 'C1'), back, 1, { ...THREW, retryable: false });
    expect(never).not.toHaveProperty('retryIn');
  });
});

test('delays have their jitter', () => {
  const plan = planOf('C', { acts: 2 });
  const step = stepOf(plan, 'C1');
  const jittery = { ...step, retry: { ...step.retry, jitter: 0.5 } };
  expect(actNotDone(plan, jittery, inFlight, 1, { ...THREW, random: 0 })).toMatchObject({ retryIn: 5 });
  expect(actNotDone(plan, jittery, inFlight, 1, { ...THREW, random: 1 })).toMatchObject({ retryIn: 10 });
});
