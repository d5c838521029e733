import { describe, expect, test } from '@jest/globals';
import { answerRequest, refuseParked } from '../../../lib/engine/rules/answer-request.js';
import { planOf } from '../../model/plans.js';
import {
  acted,
  after,
  claimed,
  created,
  failed,
  request,
  roundFailed,
  started,
  turned,
  undoFailed,
  undoStarted,
  undone,
} from './told-log.js';

const plan = planOf('CCPR');
const reason = 'ordered twice';
const by = 'ada';

function refused(type: 'cancel' | 'retry' | 'resolve', why: string) {
  return { event: 'refused', request: `please-${type}`, why };
}

describe('a cancel', () => {
  test('is accepted while the saga can turn, with who and why', () => {
    expect(answerRequest(plan, after(created, acted('C1')), request('cancel', { reason, by }))).toStrictEqual({
      event: 'cancelled',
      request: 'please-cancel',
      reason,
      by,
    });
  });

  test('is accepted before anything has started', () => {
    expect(answerRequest(plan, after(created), request('cancel'))).toStrictEqual({
      event: 'cancelled',
      request: 'please-cancel',
    });
  });

  test('is refused behind the pivot', () => {
    expect(answerRequest(plan, after(created, acted('C1', 'C2', 'P3')), request('cancel'))).toStrictEqual(
      refused('cancel', 'it has passed its pivot "P3" and can only go forward'),
    );
  });

  test.each([
    ['is in flight', [started('P3')]],
    ['was in flight when its worker died', [started('P3'), claimed]],
    ['timed out', [started('P3'), failed('P3', { outcome: 'unknown', retryIn: 1 })]],
  ])('waits for its answer while the pivot %s', (_, log) => {
    expect(answerRequest(plan, after(created, acted('C1', 'C2'), log), request('cancel'))).toBeUndefined();
  });

  test('is refused when the saga has turned back', () => {
    expect(answerRequest(plan, after(created, acted('C1'), turned), request('cancel'))).toStrictEqual(
      refused('cancel', 'it is COMPENSATING'),
    );
  });

  test('is refused the second time', () => {
    const state = after(created, acted('C1'), { event: 'cancelled', request: 'the-first' });
    expect(answerRequest(plan, state, request('cancel'))).toStrictEqual(refused('cancel', 'it is cancelled already'));
  });
});

describe('a retry', () => {
  test('is accepted when compensations have failed', () => {
    const state = after(created, acted('C1'), turned, undoFailed('C1'), roundFailed);
    expect(answerRequest(plan, state, request('retry'))).toStrictEqual({ event: 'retried', request: 'please-retry' });
    expect(answerRequest(plan, state, request('retry', { by }))).toMatchObject({ by });
  });

  test('is refused otherwise', () => {
    expect(answerRequest(plan, after(created, acted('C1')), request('retry'))).toStrictEqual(
      refused('retry', 'it is RUNNING, not COMPENSATION_FAILED'),
    );
  });
});

describe('a resolve', () => {
  const back = after(created, acted('C1', 'C2', 'C8'), turned);
  const resolve = (step?: string) => request('resolve', { reason, by, ...(step === undefined ? {} : { step }) });

  test.each([
    ['has used up its attempts', undoFailed('C2')],
    ['has an unknown outcome', undoFailed('C2', { outcome: 'unknown' })],
    ['waits for its next attempt', undoFailed('C2', { retryIn: 5 })],
    ['was in flight when its worker died', [undoStarted('C2'), claimed]],
  ])('is accepted for a compensation that %s', (_, log) => {
    const state = after(created, acted('C1', 'C2'), turned, log);
    expect(answerRequest(plan, state, resolve('C2'))).toStrictEqual({
      event: 'skipped',
      step: 'C2',
      phase: 'compensate',
      request: 'please-resolve',
      reason,
      by,
    });
  });

  test('is accepted when the whole round has failed', () => {
    const state = after(created, acted('C1'), turned, undoFailed('C1'), roundFailed);
    expect(answerRequest(plan, state, request('resolve', { step: 'C1' }))).toStrictEqual({
      event: 'skipped',
      step: 'C1',
      phase: 'compensate',
      request: 'please-resolve',
      reason: '',
    });
  });

  test.each([
    ['has not been tried', [], 'idle'],
    ['has succeeded', undone('C2'), 'completed'],
  ])('is refused for a compensation that %s', (_, log, status) => {
    const state = after(created, acted('C1', 'C2'), turned, log);
    const why = `the compensation of step "C2" has not failed: it is ${status}`;
    expect(answerRequest(plan, state, resolve('C2'))).toStrictEqual(refused('resolve', why));
  });

  test.each([
    ['that the saga does not have', 'C9', 'C9'],
    ['that has not acted', 'P3', 'P3'],
    ['that its plan does not know', 'C8', 'C8'],
    ['without a name', undefined, ''],
  ])('is refused for a step %s', (_, step, shown) => {
    expect(answerRequest(plan, back, resolve(step))).toStrictEqual(
      refused('resolve', `it has no step "${shown}" that acted`),
    );
  });

  test('is refused for a step that has no compensation', () => {
    const state = after(created, acted('O1', 'C2'), turned);
    expect(answerRequest(planOf('OC'), state, resolve('O1'))).toStrictEqual(
      refused('resolve', 'it has no step "O1" that acted'),
    );
  });

  test('is refused while the saga goes forward', () => {
    expect(answerRequest(plan, after(created, acted('C1')), resolve('C1'))).toStrictEqual(
      refused('resolve', 'it is RUNNING; only steps whose compensation failed can be resolved'),
    );
  });
});

test('what is still open when a saga is parked is refused', () => {
  expect(refuseParked(request('cancel'))).toStrictEqual(refused('cancel', 'it is parked; its held reason says why'));
});
