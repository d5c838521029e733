import { describe, expect, test } from '@jest/globals';
import { applyEntry, foldLog } from '../../../lib/engine/rules/fold.js';
import {
  NEW_SAGA,
  progressOf,
  snapshotOf,
  stateFromSnapshot,
  type SagaState,
} from '../../../lib/engine/rules/saga-state.js';
import type { EntryDraft } from '../../../lib/storage/log-entry.js';
import {
  ERROR,
  acted,
  after,
  claimed,
  created,
  failed,
  later,
  roundFailed,
  started,
  turned,
  undoFailed,
  undoStarted,
  undone,
} from './told-log.js';

const crash = [undoStarted('C1'), claimed];

describe('the state of a saga', () => {
  test('is the fold of its log, or of a snapshot and the rest of it', () => {
    const log: readonly EntryDraft[] = [
      { event: 'created', deadline: 500 },
      ...acted('C1'),
      started('C2'),
      claimed,
      started('C2', 2),
      failed('C2', { outcome: 'unknown' }),
      turned,
      ...undoFailed('C2', { retryIn: 5 }),
      ...undone('C1'),
      roundFailed,
      { event: 'claimed', asked: true },
      { event: 'retried', request: 'r' },
      { event: 'compensating', reason: 'step-failed', round: 2 },
    ];
    const dated = log.map((entry, index) => ({ ...entry, at: new Date(index * 10) }));
    const whole = foldLog(dated);
    expect(whole.seq).toBe(log.length);
    expect(whole).toEqual(
      dated.reduce<SagaState>((state, entry) => applyEntry(state, entry, entry.at.getTime()), NEW_SAGA),
    );
    for (let at = 0; at <= dated.length; at++) {
      const snapshot = snapshotOf(foldLog(dated.slice(0, at)));
      expect(foldLog(dated.slice(at), stateFromSnapshot(snapshot))).toEqual(whole);
    }
  });

  test('counts entries, whatever they say', () => {
    expect(after(created, started('C1'), { event: 'refused', request: 'r', why: 'late' }).seq).toBe(3);
  });

  test('begins as PENDING, runs with its first act, and ends', () => {
    expect(after(created).status).toBe('PENDING');
    expect(after(created, started('C1')).status).toBe('RUNNING');
    expect(after(created, acted('C1'), { event: 'completed' }).status).toBe('COMPLETED');
    expect(after(created, acted('C1'), turned).status).toBe('COMPENSATING');
    expect(after(created, acted('C1'), turned, undoStarted('C1')).status).toBe('COMPENSATING');
    expect(after(created, acted('C1'), turned, roundFailed).status).toBe('COMPENSATION_FAILED');
    expect(after(created, acted('C1'), turned, { event: 'failed' }).status).toBe('FAILED');
  });

  test('has its deadline by the time of its creation', () => {
    expect(later(NEW_SAGA, 30, { event: 'created', deadline: 500 }).deadlineAt).toBe(530);
    expect(after(created).deadlineAt).toBeUndefined();
  });

  test('knows steps in the order of their first act', () => {
    expect(after(created, acted('C1', 'C2'), started('C1', 2)).steps.map(({ name }) => name)).toStrictEqual([
      'C1',
      'C2',
    ]);
  });

  test('refuses an entry of a newer release', () => {
    const newer = { event: 'dreamed' } as unknown as EntryDraft;
    expect(() => applyEntry(NEW_SAGA, newer, 0)).toThrow('does not know the log entry {"event":"dreamed"}');
    const ofStep = { event: 'dreamed', step: 'C1', phase: 'act' } as unknown as EntryDraft;
    expect(() => applyEntry(after(created, acted('C1')), ofStep, 0)).toThrow('a newer one wrote it');
  });
});

describe('why it turned', () => {
  test('is what the log says, also without anything to undo', () => {
    expect(after(created, acted('C1'), turned).turned).toBe('step-failed');
    expect(after(created, { event: 'failed', reason: 'deadline' }).turned).toBe('deadline');
    expect(after(created, acted('C1'), turned, { event: 'failed' }).turned).toBe('step-failed');
  });

  test('is the last act that failed for good', () => {
    expect(after(created, started('C1'), failed('C1')).failure).toStrictEqual({ step: 'C1', error: ERROR });
  });

  test.each([
    ['an attempt that is followed by another', failed('C1', { retryIn: 1 })],
    ['a part of a fallback that hands over', failed('C1', { handover: true })],
    ['a compensation', failed('C1', {}, 'compensate')],
  ])('is never %s', (_, entry) => {
    expect(after(created, started('C1'), entry).failure).toBeUndefined();
  });

  test('is a cancel, with who and why', () => {
    const entry = { event: 'cancelled', request: 'r' } as const;
    expect(after(created, { ...entry, reason: 'too late', by: 'ada' }).cancelled).toStrictEqual({
      reason: 'too late',
      by: 'ada',
    });
    expect(after(created, entry).cancelled).toStrictEqual({});
  });
});

describe('recoveries', () => {
  const back = after(created, acted('C1'), turned);

  test('are claims that started something', () => {
    expect(later(back, 0, claimed, claimed).recoveries).toBe(0);
    expect(later(back, 0, claimed, undoStarted('C1')).recoveries).toBe(1);
    expect(later(back, 0, claimed, undoStarted('C1'), undoStarted('C1', 2)).recoveries).toBe(1);
    expect(later(back, 0, crash, crash, crash).recoveries).toBe(2);
  });

  test.each<[string, EntryDraft | readonly EntryDraft[]]>([
    ['progress', undone('C1')],
    ['an accepted cancel', { event: 'cancelled', request: 'r' }],
    ['an operator who wants a retry', { event: 'retried', request: 'r' }],
    ['a resolved step', { event: 'skipped', step: 'C1', phase: 'compensate', request: 'r', reason: '' }],
    ['somebody who asks for the saga by its id', { event: 'claimed', asked: true }],
  ])('are forgotten with %s', (_, entries) => {
    expect(later(back, 0, crash, crash, entries).recoveries).toBe(0);
  });

  test('are no first run of a saga that had to wait', () => {
    expect(after(created, claimed, started('C1')).recoveries).toBe(0);
  });

  test('are rounds too, even those that start nothing, unless an operator asked', () => {
    const stuck = later(back, 0, undoFailed('C1'), roundFailed);
    const round: EntryDraft = { event: 'compensating', reason: 'step-failed', round: 2 };
    expect(later(stuck, 0, claimed, round).recoveries).toBe(1);
    expect(later(stuck, 0, claimed, round, undoStarted('C1', 2)).recoveries).toBe(1);
    expect(later(stuck, 0, claimed, { event: 'retried', request: 'r' }, round).recoveries).toBe(0);
    expect(later(stuck, 0, claimed, { event: 'retried', request: 'r' }, round, roundFailed, round).recoveries).toBe(1);
  });
});

describe('a round', () => {
  const stuck = after(created, acted('C1', 'C2'), turned, undone('C2'), undoFailed('C1'));

  test('that failed is due later', () => {
    expect(later(stuck, 50, roundFailed)).toMatchObject({ roundDueAt: 1_050, round: 1 });
  });

  test('gives what is not done its attempts back, and leaves the rest', () => {
    const state = later(stuck, 0, roundFailed, { event: 'compensating', reason: 'step-failed', round: 2 });
    expect(state).toMatchObject({ status: 'COMPENSATING', round: 2, roundDueAt: undefined, turned: 'step-failed' });
    expect(progressOf(state, 'C1')?.compensation).toMatchObject({ status: 'idle', failures: 0, attempts: 1 });
    expect(progressOf(state, 'C2')?.compensation.status).toBe('completed');
  });

  test('that an operator asked for is known until it begins', () => {
    expect(later(stuck, 0, { event: 'retried', request: 'r' }).retryAsked).toBe(true);
  });
});

describe('a parked saga', () => {
  const held = { code: 'unreadable', message: 'newer' } as const;

  test('knows why, until it is claimed', () => {
    const parked = after(created, { event: 'held', held });
    expect(parked.held).toStrictEqual(held);
    expect(later(parked, 0, claimed).held).toBeUndefined();
  });
});
