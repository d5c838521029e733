import { describe, expect, it } from '@jest/globals';
import type { EntryDraft, LogEntry, Phase } from 'nest-saga';
import type { Effect } from './effect-ledger.js';
import { brokenPromises, type Aftermath } from './ledger-rules.js';

const ERROR = { name: 'Error', message: 'no' };

const CREATED: EntryDraft = { event: 'created' };
const CLAIMED: EntryDraft = { event: 'claimed' };
const COMPLETED: EntryDraft = { event: 'completed' };
const FAILED: EntryDraft = { event: 'failed' };
const GIVEN_UP: EntryDraft = { event: 'compensation-failed', retryIn: 1 };

function turned(round = 1): EntryDraft {
  return { event: 'compensating', reason: 'step-failed', round };
}

function started(step: string, phase: Phase, attempt = 1): EntryDraft {
  return { event: 'started', step, phase, attempt };
}

function completed(step: string, phase: Phase, attempt = 1): EntryDraft {
  return { event: 'completed', step, phase, attempt };
}

function failed(step: string, phase: Phase, attempt = 1, retryIn?: number): EntryDraft {
  const again = retryIn === undefined ? {} : { retryIn };
  return { event: 'failed', step, phase, attempt, outcome: 'failed', error: ERROR, ...again };
}

function done(step: string, phase: Phase): readonly EntryDraft[] {
  return [started(step, phase), completed(step, phase)];
}

function refused(step: string): readonly EntryDraft[] {
  return [started(step, 'act'), failed(step, 'act')];
}

/** Each entry is written 10 ms behind the one before. */
function logOf(...entries: readonly EntryDraft[]): readonly LogEntry[] {
  return entries.map((entry, i) => ({ ...entry, seq: i + 1, at: new Date(10 * i) }));
}

/** The effects of attempts: `+A1` is the first act of A, `-A2` its second compensation. */
function effectsOf(...attempts: readonly string[]): readonly Effect[] {
  return attempts.map((written) => {
    const phase = written.startsWith('+') ? 'act' : 'compensate';
    const step = written.slice(1, -1);
    const key = `saga:${step}:${phase}`;
    return { sagaId: 'saga', step, phase, attempt: Number(written.at(-1)), key, pid: 1, at: 0 };
  });
}

/** A went well, B was refused, A was undone. */
const WENT_BACK: Aftermath = {
  status: 'FAILED',
  history: logOf(CREATED, ...done('A', 'act'), ...refused('B'), turned(), ...done('A', 'compensate'), FAILED),
  effects: effectsOf('+A1', '-A1'),
  compensatable: ['A', 'B', 'C'],
  policy: { retryCount: 2 },
};

/** B cannot be undone, in two rounds; A is. */
const GOT_STUCK: Aftermath = {
  ...WENT_BACK,
  status: 'COMPENSATION_FAILED',
  history: logOf(
    ...[CREATED, ...done('A', 'act'), ...done('B', 'act'), ...refused('C'), turned()],
    ...[started('B', 'compensate', 1), failed('B', 'compensate', 1, 20)],
    ...[CLAIMED, started('B', 'compensate', 2), failed('B', 'compensate', 2)],
    ...[...done('A', 'compensate'), GIVEN_UP],
    ...[CLAIMED, turned(2), started('B', 'compensate', 3), failed('B', 'compensate', 3, 10)],
    ...[started('B', 'compensate', 4), failed('B', 'compensate', 4), GIVEN_UP],
  ),
  effects: effectsOf('+A1', '+B1', '-A1'),
};

describe('the rules of the ledger', () => {
  it.each([
    ['a saga that never was', { ...WENT_BACK, status: 'never stored', history: [], effects: [] }],
    [
      'one that went forward',
      {
        ...WENT_BACK,
        status: 'COMPLETED',
        history: logOf(CREATED, ...done('A', 'act'), COMPLETED),
        effects: effectsOf('+A1'),
      },
    ],
    ['one that went back', WENT_BACK],
    ['one that got stuck', GOT_STUCK],
    [
      'one that was undone because nobody knew of its act',
      {
        ...WENT_BACK,
        history: logOf(
          CREATED,
          started('A', 'act', 1),
          CLAIMED,
          started('A', 'act', 2),
          failed('A', 'act', 2),
          turned(),
          ...done('A', 'compensate'),
          FAILED,
        ),
      },
    ],
    [
      'one whose step was settled by hand',
      {
        ...WENT_BACK,
        history: logOf(
          CREATED,
          ...done('A', 'act'),
          ...refused('B'),
          turned(),
          { event: 'skipped', step: 'A', phase: 'compensate', request: 'r', reason: 'paid back' },
          FAILED,
        ),
        effects: effectsOf('+A1'),
      },
    ],
  ] satisfies [string, Aftermath][])('find nothing wrong with %s', (_, aftermath) => {
    expect(brokenPromises(aftermath)).toEqual([]);
  });

  it.each<[string, Aftermath, string]>([
    [
      '1: an effect without an intent',
      { ...WENT_BACK, effects: effectsOf('+A1', '+A2', '-A1') },
      'act 2 of A was done 1 times with 0 intents',
    ],
    [
      '2: an act behind the turn',
      {
        ...WENT_BACK,
        history: logOf(
          CREATED,
          ...done('A', 'act'),
          ...refused('B'),
          turned(),
          started('C', 'act'),
          failed('C', 'act'),
          ...done('A', 'compensate'),
          FAILED,
        ),
      },
      'C acted behind the turn',
    ],
    [
      '3: compensations in the order of the acts',
      {
        ...WENT_BACK,
        history: logOf(
          CREATED,
          ...done('A', 'act'),
          ...done('B', 'act'),
          ...refused('C'),
          turned(),
          ...done('A', 'compensate'),
          ...done('B', 'compensate'),
          FAILED,
        ),
        effects: effectsOf('+A1', '+B1', '-A1', '-B1'),
      },
      'undone in the order A,B, not B,A',
    ],
    [
      '4: an act that had completed, again',
      {
        ...WENT_BACK,
        history: logOf(
          CREATED,
          ...done('A', 'act'),
          CLAIMED,
          started('A', 'act', 2),
          completed('A', 'act', 2),
          ...refused('B'),
          turned(),
          ...done('A', 'compensate'),
          FAILED,
        ),
      },
      'act of A was started again although it had completed',
    ],
    [
      '4: a compensation that had completed, again',
      {
        ...WENT_BACK,
        history: logOf(
          CREATED,
          ...done('A', 'act'),
          ...refused('B'),
          turned(),
          ...done('A', 'compensate'),
          CLAIMED,
          started('A', 'compensate', 2),
          completed('A', 'compensate', 2),
          FAILED,
        ),
      },
      'compensate of A was started again although it had completed',
    ],
    [
      '5: another key',
      {
        ...WENT_BACK,
        effects: WENT_BACK.effects.map((effect) => ({ ...effect, key: `${effect.key}:${String(effect.attempt)}` })),
      },
      'act 1 of A carried the key saga:A:act:1',
    ],
    ['6: an act that is left standing', { ...WENT_BACK, effects: effectsOf('+A1') }, 'A was done and never undone'],
    [
      '6: an act that is undone before it is done',
      { ...WENT_BACK, effects: effectsOf('-A1', '+A1') },
      'A was done and never undone',
    ],
    [
      '6: the compensation of an act that is known to have failed',
      {
        ...WENT_BACK,
        history: logOf(
          CREATED,
          ...done('A', 'act'),
          ...refused('B'),
          turned(),
          ...done('B', 'compensate'),
          ...done('A', 'compensate'),
          FAILED,
        ),
      },
      'B was undone although nothing of it can have happened',
    ],
    [
      '6: the compensation of a transaction that was never committed',
      {
        ...WENT_BACK,
        history: logOf(
          CREATED,
          { event: 'started', step: 'A', phase: 'act', attempt: 1, transactional: true },
          CLAIMED,
          turned(),
          ...done('A', 'compensate'),
          FAILED,
        ),
      },
      'A was undone although nothing of it can have happened',
    ],
    [
      'a compensation of a saga that completed',
      { ...WENT_BACK, status: 'COMPLETED' },
      'compensate 1 of A although it completed',
    ],
    [
      '7: attempts that a crash has given back',
      {
        ...WENT_BACK,
        history: logOf(
          ...[CREATED, ...done('A', 'act'), ...refused('B'), turned()],
          ...[started('A', 'compensate', 1), failed('A', 'compensate', 1, 10)],
          ...[started('A', 'compensate', 2), failed('A', 'compensate', 2, 10), CLAIMED],
          ...[started('A', 'compensate', 3), completed('A', 'compensate', 3), FAILED],
        ),
      },
      'compensate of A was to be tried again after 2 failures of 2',
    ],
    [
      '7: attempts that a crash has used up',
      {
        ...GOT_STUCK,
        history: logOf(
          ...[CREATED, ...done('A', 'act'), ...refused('B'), turned()],
          ...[
            started('A', 'compensate', 1),
            CLAIMED,
            started('A', 'compensate', 2),
            failed('A', 'compensate', 2),
            GIVEN_UP,
          ],
        ),
        effects: effectsOf('+A1'),
      },
      'compensate of A was given up after 1 failures of 2',
    ],
    [
      '7: a compensation that starts before it is due',
      {
        ...WENT_BACK,
        history: logOf(
          ...[CREATED, ...done('A', 'act'), ...refused('B'), turned()],
          ...[started('A', 'compensate', 1), failed('A', 'compensate', 1, 21), CLAIMED],
          ...[started('A', 'compensate', 2), completed('A', 'compensate', 2), FAILED],
        ),
      },
      'compensate 2 of A started 1 ms before it was due',
    ],
    [
      '8: a saga that hides as FAILED what is not undone',
      { ...GOT_STUCK, status: 'FAILED' },
      'B was done and never undone',
    ],
    [
      '8: a saga that leaves standing what it has not given up',
      { ...GOT_STUCK, effects: effectsOf('+A1', '+B1') },
      'A was done and never undone',
    ],
    [
      '8: a saga that has given nothing up',
      { ...WENT_BACK, status: 'COMPENSATION_FAILED' },
      'it is COMPENSATION_FAILED although no compensation was given up',
    ],
    [
      '8: a saga whose log does not tell',
      { ...GOT_STUCK, history: GOT_STUCK.history.filter(({ event }) => event !== 'compensation-failed') },
      'it is COMPENSATION_FAILED although no compensation was given up',
    ],
  ])('find %s', (_, aftermath, sentence) => {
    expect(brokenPromises(aftermath)).toContain(sentence);
  });
});
