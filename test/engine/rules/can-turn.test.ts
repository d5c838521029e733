import { describe, expect, test } from '@jest/globals';
import { canTurn } from '../../../lib/engine/rules/can-turn.js';
import { planOf } from '../../model/plans.js';
import type { EntryDraft } from '../../../lib/storage/log-entry.js';
import { acted, after, claimed, created, failed, started } from './told-log.js';

const plan = planOf('CPR');
const local = planOf('pR');
const startedLocally = { ...started('p1'), transactional: true } as EntryDraft;

const unknown = { outcome: 'unknown' as const, retryIn: 1 };

describe('a saga can turn', () => {
  test.each([
    ['without a pivot', planOf('CC'), after(created, acted('C1', 'C2'))],
    ['before its pivot', plan, after(created, acted('C1'))],
    ['when its pivot has failed', plan, after(created, started('P2'), failed('P2'))],
    [
      'when its pivot has failed for good, whatever an attempt before did not know',
      plan,
      after(created, started('P2'), failed('P2', unknown), started('P2'), failed('P2')),
    ],
    ['when its transactional pivot was in flight as its worker died', local, after(created, startedLocally, claimed)],
    ['when its pivot has failed and is tried again', plan, after(created, started('P2'), failed('P2', { retryIn: 1 }))],
  ])('%s', (_, of, state) => {
    expect(canTurn(of, state)).toBe(true);
  });
});

describe('a saga cannot turn', () => {
  test.each([
    ['behind its pivot', after(created, acted('C1', 'P2'))],
    ['while its pivot is in flight', after(created, started('P2'))],
    ['when its pivot was in flight as its worker died', after(created, started('P2'), claimed)],
    [
      'when its transactional pivot said that it does not know, before its worker died',
      after(created, startedLocally, failed('p1', unknown), startedLocally, claimed),
    ],
    ['while its transactional pivot is in flight', after(created, startedLocally)],
    ['while nobody knows whether its pivot has happened', after(created, started('P2'), failed('P2', unknown))],
  ])('%s', (_, state) => {
    const of = state.steps.some(({ name }) => name === 'p1') ? local : plan;
    expect(canTurn(of, state)).toBe(false);
  });
});
