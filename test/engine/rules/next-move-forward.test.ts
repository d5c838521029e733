import { describe, expect, test } from '@jest/globals';
import { nextMove } from '../../../lib/engine/rules/next-move.js';
import { planOf } from '../../model/plans.js';
import { acted, after, around, claimed, completed, created, failed, later, request, started } from './told-log.js';

const plan = planOf('CCC');
const act = (step: string, attempt = 1) => ({ type: 'act', step, attempt });

describe('going forward', () => {
  test('"started" is part of the move, so that it is durable before the act', () => {
    const move = nextMove(plan, after(created), around());
    expect(move.entries).toStrictEqual([started('C1')]);
    expect(move.effect).toStrictEqual(act('C1'));
  });

  test('"started" says of a transactional step that it is one: what it left without an outcome has not happened', () => {
    const move = nextMove(planOf('cR'), after(created), around());
    expect(move.entries).toStrictEqual([{ ...started('c1'), transactional: true }]);
    expect(move.effect).toStrictEqual(act('c1'));
  });

  test('tells the state that the move leads to', () => {
    const { after: state } = nextMove(plan, after(created), around());
    expect(state).toStrictEqual(after(created, started('C1')));
  });

  test('a step whose act completed is never acted again', () => {
    const move = nextMove(plan, after(created, acted('C1', 'C2'), claimed), around());
    expect(move.effect).toStrictEqual(act('C3'));
  });

  test('a step that was in flight when its process died is acted again', () => {
    const move = nextMove(plan, after(created, acted('C1'), started('C2'), claimed), around());
    expect(move.entries).toStrictEqual([started('C2', 2)]);
    expect(move.effect).toStrictEqual(act('C2', 2));
  });

  test('a start that its own worker gave up for lost, and that landed late, is made again', () => {
    const move = nextMove(plan, after(created, started('C1')), around());
    expect(move).toMatchObject({ entries: [started('C1', 2)], effect: act('C1', 2) });
  });

  test('when the last step is done the saga is completed', () => {
    const move = nextMove(plan, after(created, acted('C1', 'C2', 'C3')), around());
    expect(move).toMatchObject({ entries: [{ event: 'completed' }], effect: { type: 'end' } });
  });

  test('a plan without steps completes at once', () => {
    expect(nextMove(planOf(''), after(created), around()).entries).toStrictEqual([{ event: 'completed' }]);
  });

  test.each([
    [created, acted('C1', 'C2', 'C3'), { event: 'completed' as const }],
    [created, started('C1'), failed('C1'), { event: 'failed' as const, reason: 'step-failed' as const }],
  ])('nothing follows the end', (...log) => {
    expect(nextMove(plan, after(...log), around())).toMatchObject({ entries: [], effect: { type: 'end' } });
  });

  describe('a retry', () => {
    const waiting = after(created, started('C1'), failed('C1', { retryIn: 10 }));

    test("waits until it is due, by the storage's clock", () => {
      expect(nextMove(plan, waiting, around({ now: 9 }))).toMatchObject({
        entries: [],
        effect: { type: 'wait', until: 10 },
      });
    });

    test('starts when it is due', () => {
      expect(nextMove(plan, waiting, around({ now: 10 })).effect).toStrictEqual(act('C1', 2));
    });

    test('waits no longer than the deadline', () => {
      const due = { ...waiting, deadlineAt: 5 };
      expect(nextMove(plan, due, around({ now: 4 })).effect).toStrictEqual({ type: 'wait', until: 5 });
    });

    test('waits longer than the deadline behind the pivot, where it means nothing', () => {
      const state = { ...after(created, acted('P1'), started('R2'), failed('R2', { retryIn: 10 })), deadlineAt: 5 };
      expect(nextMove(planOf('PR'), state, around({ now: 4 })).effect).toStrictEqual({ type: 'wait', until: 10 });
    });

    test('is left to others when the application closes', () => {
      expect(nextMove(plan, waiting, around({ now: 9, closing: true })).effect).toStrictEqual({ type: 'leave' });
    });
  });

  describe('a fallback', () => {
    const either = planOf('[CC]C');

    test('has its backup act when its primary hands over', () => {
      const state = after(created, started('C1'), failed('C1', { handover: true }));
      expect(nextMove(either, state, around()).effect).toStrictEqual(act('C2'));
    });

    test('turns back with its primary when that does not hand over', () => {
      const state = after(created, started('C1'), failed('C1'));
      expect(nextMove(either, state, around()).entries).toStrictEqual([{ event: 'failed', reason: 'step-failed' }]);
    });

    test('is done when its primary is', () => {
      expect(nextMove(either, after(created, acted('C1')), around()).effect).toStrictEqual(act('C3'));
    });

    test('is done when its backup is', () => {
      const state = after(created, started('C1'), failed('C1', { handover: true }), acted('C2'));
      expect(nextMove(either, state, around()).effect).toStrictEqual(act('C3'));
    });

    test('within a fallback hands over when its backup does', () => {
      const handover = { handover: true as const };
      const nested = planOf('[[CC]C]');
      const state = after(created, started('C1'), failed('C1', handover), started('C2'), failed('C2', handover));
      expect(nextMove(nested, state, around()).effect).toStrictEqual(act('C3'));
    });
  });

  describe('closing', () => {
    test('starts nothing', () => {
      const move = nextMove(plan, after(created, acted('C1')), around({ closing: true }));
      expect(move).toMatchObject({ entries: [], effect: { type: 'leave' } });
    });

    test('still writes that the saga is completed', () => {
      const move = nextMove(plan, after(created, acted('C1', 'C2', 'C3')), around({ closing: true }));
      expect(move.entries).toStrictEqual([{ event: 'completed' }]);
    });
  });

  describe('recovery without progress', () => {
    const crash = [started('C1'), claimed];

    test('sets a saga going as often as it may', () => {
      expect(nextMove(plan, after(created, crash, crash), around({ maxAttempts: 2 })).effect.type).toBe('act');
    });

    test('parks it then, with the reason', () => {
      const move = nextMove(plan, after(created, crash, crash, crash), around({ maxAttempts: 2 }));
      expect(move.effect).toStrictEqual({ type: 'park' });
      expect(move.entries).toStrictEqual([
        {
          event: 'held',
          held: { code: 'attempts-exhausted', message: expect.stringContaining('2 times without progress') },
        },
      ]);
    });

    test('does not keep the last one from going on', () => {
      const state = after(created, crash, crash, started('C1'), failed('C1', { retryIn: 0 }));
      expect(nextMove(plan, state, around({ maxAttempts: 2 })).effect.type).toBe('act');
    });

    test('is not what the first worker of a waiting saga does', () => {
      const state = after(created, claimed, started('C1'), claimed);
      expect(nextMove(plan, state, around({ maxAttempts: 1 })).effect.type).toBe('act');
    });
  });

  describe('the deadline', () => {
    const late = around({ now: 100 });

    test('turns the saga back', () => {
      const state = { ...after(created, acted('C1')), deadlineAt: 100 };
      expect(nextMove(plan, state, late).entries[0]).toStrictEqual({
        event: 'compensating',
        reason: 'deadline',
        round: 1,
      });
    });

    test('lets it go on until then', () => {
      const state = { ...after(created, acted('C1')), deadlineAt: 101 };
      expect(nextMove(plan, state, late).effect).toStrictEqual(act('C2'));
    });

    test('means nothing behind the pivot', () => {
      const state = { ...after(created, acted('P1')), deadlineAt: 100 };
      expect(nextMove(planOf('PR'), state, late).effect).toStrictEqual(act('R2'));
    });
  });

  describe('a changed definition', () => {
    const changed = around({ definition: 'changed' });

    test('parks the saga', () => {
      const move = nextMove(plan, after(created, acted('C1'), claimed), changed);
      expect(move.effect).toStrictEqual({ type: 'park' });
      expect(move.entries).toStrictEqual([
        { event: 'held', held: { code: 'definition-changed', message: expect.stringContaining('or cancel it') } },
      ]);
    });

    test('turns it back where its policy says so', () => {
      const policy = planOf('CCC', { onDefinitionChange: 'compensate' });
      expect(nextMove(policy, after(created, acted('C1'), claimed), changed)).toMatchObject({
        entries: [{ event: 'compensating', reason: 'definition-changed', round: 1 }, { step: 'C1' }],
        effect: { type: 'compensate', step: 'C1' },
      });
    });

    test('parks it behind the pivot, whatever the policy says', () => {
      const policy = planOf('PR', { onDefinitionChange: 'compensate' });
      const move = nextMove(policy, after(created, acted('P1'), claimed), changed);
      expect(move.entries).toStrictEqual([
        { event: 'held', held: { code: 'definition-changed', message: expect.stringContaining('passed its pivot') } },
      ]);
    });

    test('does not keep an operator from cancelling it', () => {
      const move = nextMove(plan, after(created, acted('C1'), claimed), { ...changed, requests: [request('cancel')] });
      expect(move.effect).toMatchObject({ type: 'compensate', step: 'C1' });
    });
  });

  describe('a parked saga', () => {
    const held = { event: 'held' as const, held: { code: 'unstorable-result' as const, message: 'P1: too large' } };
    const parked = after(created, started('P1'), held);

    test('stays parked', () => {
      expect(nextMove(planOf('PR'), parked, around())).toMatchObject({ entries: [], effect: { type: 'park' } });
    });

    test('leaves no request without an answer', () => {
      const move = nextMove(planOf('PR'), parked, around({ requests: [request('cancel'), request('retry')] }));
      expect(move.entries).toStrictEqual([
        { event: 'refused', request: 'please-retry', why: 'it is RUNNING, not COMPENSATION_FAILED' },
        { event: 'refused', request: 'please-cancel', why: 'it is parked; its held reason says why' },
      ]);
      expect(move.effect).toStrictEqual({ type: 'park' });
    });

    test('goes on once it is claimed', () => {
      expect(nextMove(planOf('PR'), later(parked, 5, claimed), around()).effect).toStrictEqual(act('P1', 2));
    });
  });

  test('a cancel waits for a pivot in doubt', () => {
    const state = after(created, started('P1'), claimed);
    const move = nextMove(planOf('PR'), state, around({ requests: [request('cancel')] }));
    expect(move).toMatchObject({ entries: [started('P1', 2)], effect: act('P1', 2) });
  });

  test('a cancel is refused as soon as the pivot is known to have happened', () => {
    const state = after(created, started('P1'), claimed, started('P1', 2), completed('P1'));
    const move = nextMove(planOf('PR'), state, around({ requests: [request('cancel')] }));
    expect(move.entries).toMatchObject([{ event: 'refused', request: 'please-cancel' }, { step: 'R2' }]);
  });
});
