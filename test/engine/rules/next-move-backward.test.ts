import { describe, expect, test } from '@jest/globals';
import { nextMove } from '../../../lib/engine/rules/next-move.js';
import type { EntryDraft } from '../../../lib/storage/log-entry.js';
import { planOf } from '../../model/plans.js';
import {
  acted,
  after,
  around,
  claimed,
  created,
  failed,
  later,
  request,
  roundFailed,
  started,
  turned,
  undoFailed,
  undoStarted,
  undone,
} from './told-log.js';

const plan = planOf('CCC');
const compensate = (step: string, attempt = 1) => ({ type: 'compensate', step, attempt });

describe('turning back', () => {
  test('COMPENSATING is durable before the first compensation', () => {
    const move = nextMove(plan, after(created, acted('C1', 'C2'), started('C3'), failed('C3')), around());
    expect(move.entries).toStrictEqual([turned, undoStarted('C2')]);
    expect(move.effect).toStrictEqual(compensate('C2'));
  });

  test('a saga with nothing to undo has failed at once, and says why', () => {
    const move = nextMove(plan, after(created, started('C1'), failed('C1')), around());
    expect(move).toMatchObject({ entries: [{ event: 'failed', reason: 'step-failed' }], effect: { type: 'end' } });
  });

  test('a cancel turns it back', () => {
    const move = nextMove(plan, after(created, acted('C1')), around({ requests: [request('cancel')] }));
    expect(move.entries).toStrictEqual([
      { event: 'cancelled', request: 'please-cancel' },
      { event: 'compensating', reason: 'cancelled', round: 1 },
      undoStarted('C1'),
    ]);
  });

  test('a cancel before the first step fails it at once', () => {
    const move = nextMove(plan, after(created), around({ requests: [request('cancel')] }));
    expect(move.entries).toMatchObject([{ event: 'cancelled' }, { event: 'failed', reason: 'cancelled' }]);
  });

  test('is written down while the application closes, and no compensation starts', () => {
    const state = after(created, acted('C1'), started('C2'), failed('C2'));
    expect(nextMove(plan, state, around({ closing: true }))).toMatchObject({
      entries: [turned],
      effect: { type: 'leave' },
    });
  });
});

describe('going back', () => {
  const back = after(created, acted('C1', 'C2'), started('C3'), failed('C3'), turned);

  test('goes against the order of the acts, one at a time', () => {
    expect(nextMove(plan, later(back, 0, undone('C2')), around()).effect).toStrictEqual(compensate('C1'));
  });

  test('the saga has failed when all is undone', () => {
    const move = nextMove(plan, later(back, 0, undone('C2'), undone('C1')), around());
    expect(move).toMatchObject({ entries: [{ event: 'failed' }], effect: { type: 'end' } });
  });

  test('no act runs again, and no deadline or definition matters', () => {
    const elsewhere = around({ definition: 'changed', now: 1_000 });
    expect(nextMove(plan, { ...later(back, 0, claimed), deadlineAt: 0 }, elsewhere).effect).toStrictEqual(
      compensate('C2'),
    );
  });

  test('a compensation that was in flight when its process died is made again', () => {
    expect(nextMove(plan, later(back, 0, undoStarted('C2'), claimed), around()).effect).toStrictEqual(
      compensate('C2', 2),
    );
  });

  test('a retry waits until it is due', () => {
    const state = later(back, 0, undoFailed('C2', { retryIn: 10 }));
    expect(nextMove(plan, state, around({ now: 9 })).effect).toStrictEqual({ type: 'wait', until: 10 });
    expect(nextMove(plan, state, around({ now: 9, closing: true })).effect).toStrictEqual({ type: 'leave' });
    expect(nextMove(plan, state, around({ now: 10 })).effect).toStrictEqual(compensate('C2', 2));
  });

  test('recovery without progress parks it in the end', () => {
    const crash: EntryDraft[] = [undoStarted('C2'), claimed];
    const state = later(back, 0, crash, crash, crash);
    expect(nextMove(plan, state, around({ maxAttempts: 2 }))).toMatchObject({
      entries: [{ event: 'held', held: { code: 'attempts-exhausted' } }],
      effect: { type: 'park' },
    });
  });

  describe('behind an act whose worker died', () => {
    const timed = planOf('CC', { timeout: 50 });
    const lost = later(after(created, acted('C1')), 7, started('C2'));

    test('waits for the timeout of the lost call', () => {
      const state = later(lost, 20, claimed, turned);
      expect(nextMove(timed, state, around({ now: 56 })).effect).toStrictEqual({ type: 'wait', until: 57 });
      expect(nextMove(timed, state, around({ now: 57 })).effect).toStrictEqual(compensate('C2'));
    });

    test('waits for it also when a later attempt has failed', () => {
      const again = later(lost, 20, claimed, started('C2', 2));
      const state = later(again, 21, failed('C2', { outcome: 'unknown' }));
      expect(nextMove(timed, state, around({ now: 21 })).effect).toStrictEqual({ type: 'wait', until: 57 });
    });

    test("waits for it as well where the saga's deadline cut it, in the same process", () => {
      const error = { name: 'SagaDeadlineError', message: 'too late', code: 'SAGA_DEADLINE' };
      const state = later(
        later(after(created, acted('C1')), 7, started('C2')),
        20,
        failed('C2', { outcome: 'unknown', error }),
      );
      const move = nextMove(timed, state, around({ now: 20 }));
      expect(move).toMatchObject({ entries: [turned], effect: { type: 'wait', until: 57 } });
      expect(nextMove(timed, move.after, around({ now: 57 })).effect).toStrictEqual(compensate('C2'));
    });

    test('does not wait where nobody knows how long', () => {
      expect(nextMove(plan, later(lost, 20, claimed, turned), around({ now: 20 })).effect).toStrictEqual(
        compensate('C2'),
      );
    });

    test('leaves it to others when the application closes', () => {
      const state = later(lost, 20, claimed, turned);
      expect(nextMove(timed, state, around({ now: 20, closing: true })).effect).toStrictEqual({ type: 'leave' });
    });
  });

  describe('a compensation that used up its attempts', () => {
    const stuck = later(back, 0, undoFailed('C2'));

    test('does not keep the others from theirs', () => {
      expect(nextMove(plan, stuck, around()).effect).toStrictEqual(compensate('C1'));
    });

    test('does with "halt"', () => {
      const move = nextMove(planOf('CCC', { onExhausted: 'halt' }), stuck, around());
      expect(move).toMatchObject({ entries: [{ event: 'compensation-failed' }], effect: { type: 'end' } });
    });

    test('leaves the saga COMPENSATION_FAILED, and recovery tries another round later', () => {
      const move = nextMove(plan, later(stuck, 0, undone('C1')), around());
      expect(move).toMatchObject({
        entries: [{ event: 'compensation-failed', retryIn: 1_000 }],
        effect: { type: 'end' },
      });
    });

    test('is parked when recovery has used up its own', () => {
      const state = { ...later(stuck, 0, undoFailed('C1')), recoveries: 3 };
      expect(nextMove(plan, state, around())).toMatchObject({
        entries: [{ event: 'compensation-failed' }, { event: 'held', held: { code: 'attempts-exhausted' } }],
        effect: { type: 'park' },
      });
    });

    test('is settled by an operator, and the saga has failed', () => {
      const requests = [request('resolve', { step: 'C2', reason: 'refunded by hand', by: 'ada' })];
      expect(nextMove(plan, later(stuck, 0, undone('C1')), around({ requests })).entries).toStrictEqual([
        {
          event: 'skipped',
          step: 'C2',
          phase: 'compensate',
          request: 'please-resolve',
          reason: 'refunded by hand',
          by: 'ada',
        },
        { event: 'failed' },
      ]);
    });

    test('is settled by an operator even where its attempts killed every process', () => {
      const crash: EntryDraft[] = [undoStarted('C2'), claimed];
      const state = later(back, 0, undone('C1'), crash, crash, crash, crash);
      const requests = [request('resolve', { step: 'C2', reason: 'by hand' })];
      expect(nextMove(plan, state, around({ requests })).entries).toMatchObject([
        { event: 'skipped' },
        { event: 'failed' },
      ]);
    });
  });

  describe('without a handler for a compensation', () => {
    const gone = around({ definition: 'changed', isMissing: (step) => step === 'C2' });

    test('is parked, and says which one', () => {
      expect(nextMove(plan, back, gone)).toMatchObject({
        entries: [{ event: 'held', held: { code: 'handler-missing', message: expect.stringContaining('"C2"') } }],
        effect: { type: 'park' },
      });
    });

    test('goes on with the others', () => {
      expect(nextMove(plan, later(back, 0, undone('C2')), gone).effect).toStrictEqual(compensate('C1'));
    });

    test.each(['cancelled', 'definition-changed'] as const)('counts it as failed where it turned as %s', (reason) => {
      const state = after(created, acted('C1', 'C2'), { event: 'compensating', reason, round: 1 });
      expect(nextMove(plan, state, gone).effect).toStrictEqual(compensate('C2'));
    });
  });
});

describe('another round', () => {
  const stuck = after(created, acted('C1'), started('C2'), failed('C2'), turned, undoFailed('C1'), roundFailed);
  const nextRound: EntryDraft = { event: 'compensating', reason: 'step-failed', round: 2 };

  test('gives every compensation that is not done its attempts back', () => {
    const move = nextMove(plan, later(stuck, 1_000, claimed), around({ now: 1_000 }));
    expect(move.entries).toStrictEqual([nextRound, undoStarted('C1', 2)]);
    expect(move.effect).toStrictEqual(compensate('C1', 2));
  });

  test('begins with the claim that was made for it', () => {
    expect(nextMove(plan, later(stuck, 999, claimed), around({ now: 999 })).entries).toContainEqual(nextRound);
  });

  test.each([
    ['after its time has come', { now: 1_000 }],
    ['at once where somebody asked for the saga', { eager: true }],
  ])('begins %s', (_, more) => {
    const requests = [request('cancel')];
    expect(nextMove(plan, later(stuck, 1, claimed), around({ requests, ...more })).entries).toContainEqual(nextRound);
  });

  test('begins at once when an operator wants it', () => {
    const move = nextMove(plan, later(stuck, 1, claimed), around({ now: 1, requests: [request('retry')] }));
    expect(move.entries).toStrictEqual([
      { event: 'retried', request: 'please-retry' },
      nextRound,
      undoStarted('C1', 2),
    ]);
  });

  test('does not begin early because a request had to be refused', () => {
    const move = nextMove(plan, later(stuck, 1, claimed), around({ now: 1, requests: [request('cancel')] }));
    expect(move).toMatchObject({ entries: [{ event: 'refused' }], effect: { type: 'leave' } });
  });

  test('is left to others when the application closes', () => {
    const move = nextMove(plan, later(stuck, 1_000, claimed), around({ now: 1_000, closing: true }));
    expect(move).toMatchObject({ entries: [], effect: { type: 'leave' } });
  });

  test('keeps the reason for which the saga turned', () => {
    const state = { ...later(stuck, 1_000, claimed), turned: 'deadline' as const };
    expect(nextMove(plan, state, around({ now: 1_000 })).entries[0]).toMatchObject({ reason: 'deadline' });
  });

  test('does not begin when recovery has used up its attempts', () => {
    const state = { ...later(stuck, 1_000, claimed), recoveries: 3 };
    expect(nextMove(plan, state, around({ now: 1_000 }))).toMatchObject({
      entries: [{ event: 'held', held: { code: 'attempts-exhausted' } }],
      effect: { type: 'park' },
    });
  });

  test('has nothing to do when an operator has resolved the last one', () => {
    const requests = [request('resolve', { step: 'C1', reason: 'by hand' })];
    const move = nextMove(plan, later(stuck, 1, claimed), around({ now: 1, requests }));
    expect(move).toMatchObject({ entries: [{ event: 'skipped' }, { event: 'failed' }], effect: { type: 'end' } });
  });
});
