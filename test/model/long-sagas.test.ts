import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFinal } from '../../lib/storage/saga-record.js';
import { travel, type Turn } from './journey.js';
import { scenarioOf, type Circumstances } from './scenarios.js';

const before = fc.constantFrom('C', 'C', 'c', 'O');
const behind = fc.constantFrom('R', 'r', 'O');

/** `[CC]`, `[C[OC]]`, …: what a fallback may be made of, three deep. */
const { fallback } = fc.letrec<{ part: string; fallback: string }>((tie) => ({
  part: fc.oneof({ maxDepth: 3 }, before, tie('fallback')),
  fallback: fc.tuple(tie('part'), tie('part')).map(([primary, backup]) => `[${primary}${backup}]`),
}));

const head = fc.array(fc.oneof({ weight: 3, arbitrary: before }, { weight: 1, arbitrary: fallback }), {
  minLength: 3,
  maxLength: 8,
});
const tail = fc.option(
  fc
    .tuple(fc.constantFrom('P', 'p'), fc.array(behind, { maxLength: 4 }))
    .map(([pivot, steps]) => pivot + steps.join('')),
  { nil: '' },
);

/** A saga of 5 to 12 steps, by its word. */
const longWord = fc
  .tuple(head, tail)
  .map(([nodes, rest]) => nodes.join('') + rest)
  .filter((word) => stepsOf(word).length >= 5 && stepsOf(word).length <= 12);

const circumstances = fc.record<Circumstances>({
  ways: fc.record({
    acts: fc.integer({ min: 1, max: 3 }),
    undos: fc.integer({ min: 1, max: 3 }),
    onExhausted: fc.constantFrom('continue', 'halt'),
    compensateOnFailure: fc.boolean(),
    onDefinitionChange: fc.constantFrom('hold', 'compensate'),
    timeout: fc.constantFrom(5, 50),
    deadline: fc.constantFrom(300, 100_000),
  }),
  queued: fc.boolean(),
  maxAttempts: fc.integer({ min: 1, max: 4 }),
});

/** Mostly nothing happens, and then it does. */
const turns: fc.Arbitrary<Turn[]> = fc.array(
  fc.record({ isFault: fc.nat({ max: 4 }).map((die) => die === 0), pick: fc.nat({ max: 1_000 }) }),
  { maxLength: 120 },
);

const scenario = fc
  .tuple(longWord, circumstances, fc.nat({ max: 40 }), fc.nat({ max: 40 }))
  .map(([word, given, failing, stuck]) => {
    const names = stepsOf(word);
    const fails = endlessFrom(word) > failing ? names[failing] : undefined;
    const neverUndone = names[stuck];
    return scenarioOf(word, {
      ...given,
      missing: names.slice(0, 2),
      ...(fails === undefined ? {} : { alwaysFails: fails }),
      ...(neverUndone === undefined ? {} : { neverUndone }),
    });
  });

describe('long sagas', () => {
  test('keep the promises, whatever happens on their way', () => {
    fc.assert(
      fc.property(scenario, turns, (saga, happening) => {
        travel(saga, happening);
      }),
      { numRuns: 3_000 },
    );
  });

  test('complete, or undo everything, where no compensation fails and nothing is parked', () => {
    const left = fc.tuple(longWord, fc.nat({ max: 11 })).map(([word, failing]) => {
      const alwaysFails = endlessFrom(word) > failing ? stepsOf(word)[failing] : undefined;
      return scenarioOf(word, alwaysFails === undefined ? {} : { alwaysFails });
    });
    fc.assert(
      fc.property(left, (saga) => {
        const { store } = travel(saga, []);
        expect(isFinal(store.state.status)).toBe(true);
      }),
    );
  });
});

/** The names that {@link planOf} gives. */
function stepsOf(word: string): readonly string[] {
  return [...word.replace(/[[\]]/g, '')].map((letter, index) => `${letter}${index + 1}`);
}

/** How many steps stand up to the pivot, itself included: those behind it never fail for good. */
function endlessFrom(word: string): number {
  const pivot = stepsOf(word).findIndex((name) => name.toUpperCase().startsWith('P'));
  return pivot < 0 ? Infinity : pivot + 1;
}
