import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { explore } from './explore.js';
import { words, type Ways } from './plans.js';
import type { Fault, Scenario } from './scenario.js';
import { everyFailingCompensation, everyFailingStep, everyOrder, scenarioOf, FAULTS } from './scenarios.js';

jest.setTimeout(120_000);

/**
 * Every saga of up to four steps, with everything that may happen to it at every point: each scenario is gone through
 * completely, and each state of it is held against the promises (see invariants.ts).
 */
describe('every saga keeps the promises', () => {
  const faults = new Map<Fault, number>();
  const ends = new Map<string, number>();
  let configurations = 0;
  let states = 0;

  function exploreAll(scenarios: readonly Scenario[]): void {
    for (const scenario of scenarios) {
      const explored = explore(scenario);
      configurations++;
      states += explored.states;
      for (const [end, times] of explored.ends) ends.set(end, (ends.get(end) ?? 0) + times);
      for (const [fault, times] of explored.faults) faults.set(fault, (faults.get(fault) ?? 0) + times);
    }
  }

  const patient: Ways = { acts: 2, undos: 2, timeout: 50, deadline: 500 };
  const small = [1, 2, 3].flatMap(words);
  const all = [...small, ...words(4)];
  const compensated = ['CC', 'CCC', 'CCCC', 'CCPR'];

  test('of one step, whatever three things happen', () => {
    exploreAll(['C', 'P'].map((word) => scenarioOf(word, { faults: 3 })));
  });

  test('of up to three steps, in every order of kinds, whatever two things happen', () => {
    exploreAll([2, 3].flatMap((steps) => everyOrder(steps, { faults: 2 })));
  });

  test('of four steps, in every order of kinds, whatever happens', () => {
    exploreAll(everyOrder(4, { ways: patient }));
    exploreAll(['CCPR', 'COPO'].map((word) => scenarioOf(word, { faults: 2 })));
  });

  test('with retries, timeouts and a deadline', () => {
    exploreAll(small.map((word) => scenarioOf(word, { ways: patient })));
    exploreAll(['CC', 'CP', 'CPR'].map((word) => scenarioOf(word, { ways: patient, faults: 2 })));
  });

  test('whose deadline cuts an act short', () => {
    exploreAll(['CC', 'OC', 'CCP'].map((word) => scenarioOf(word, { ways: { ...patient, deadline: 30 }, faults: 2 })));
  });

  test('whichever step fails', () => {
    exploreAll(all.flatMap((word) => everyFailingStep(word)));
    exploreAll(['CC', 'OC', 'CP', 'COC'].flatMap((word) => everyFailingStep(word, { faults: 2 })));
  });

  test.each(['continue', 'halt'] as const)('whichever compensation fails, and then: %s', (onExhausted) => {
    exploreAll(compensated.flatMap((word) => everyFailingCompensation(word, { ways: { onExhausted } })));
    exploreAll(everyFailingCompensation('CCC', { ways: { onExhausted, undos: 2 } }));
    exploreAll(everyFailingCompensation('CC', { ways: { onExhausted, timeout: 50 }, faults: 2 }));
  });

  test('with steps that can fail half-way', () => {
    exploreAll(['C', 'CC', 'CCC'].flatMap((word) => everyFailingStep(word, { ways: { compensateOnFailure: true } })));
    exploreAll([scenarioOf('CC', { ways: { compensateOnFailure: true, acts: 2 }, faults: 2 })]);
  });

  test('with fallbacks, nested ones too', () => {
    const fallbacks = ['[CC]', '[OO]', 'C[CC]', '[CC]C', 'C[CC]P', 'C[CC]C', '[[CC]C]', '[C[CC]]', '[CC][CC]'];
    exploreAll(fallbacks.flatMap((word) => [scenarioOf(word), ...everyFailingStep(word)]));
    exploreAll(['[CC]', '[CC]C'].flatMap((word) => everyFailingStep(word, { faults: 2 })));
    exploreAll(everyFailingStep('C[CC]C', { ways: { compensateOnFailure: true } }));
  });

  test('with transactional steps, one of them and several', () => {
    exploreAll(['c', 'p'].map((word) => scenarioOf(word, { faults: 3 })));
    exploreAll(['cC', 'Cc', 'cc', 'Cp', 'pr', 'cPr'].map((word) => scenarioOf(word, { faults: 2 })));
    exploreAll(['cC', 'Cc', 'Oc', 'Cp', 'cpr'].map((word) => scenarioOf(word, { ways: patient })));
    exploreAll(['cc', 'cp'].map((word) => scenarioOf(word, { ways: { ...patient, deadline: 30 }, faults: 2 })));
    exploreAll(['cC', 'Cc', 'ccc', 'cp'].flatMap((word) => everyFailingStep(word)));
    exploreAll(['[cC]', '[Cc]', '[cc]C'].flatMap((word) => [scenarioOf(word), ...everyFailingStep(word)]));
    exploreAll(everyFailingCompensation('ccC', { ways: { undos: 2 } }));
    exploreAll(everyFailingStep('cc', { ways: { compensateOnFailure: true } }));
    exploreAll([scenarioOf('cp', { queued: true, ways: { deadline: 500 } })]);
  });

  test('that waits for a worker first', () => {
    exploreAll(
      ['C', 'CC', 'CPR'].map((word) => scenarioOf(word, { queued: true, faults: 2, ways: { deadline: 500 } })),
    );
  });

  test.each(['hold', 'compensate'] as const)('whose definition changes, with the policy %s', (onDefinitionChange) => {
    const circumstances = { ways: { onDefinitionChange }, missing: ['C1'], faults: 2 };
    exploreAll(['CC', 'CP', 'CPR'].map((word) => scenarioOf(word, circumstances)));
    exploreAll(everyFailingStep('CCC', { ...circumstances, missing: ['C2'] }));
  });

  test('comes to every end, through every fault', () => {
    expect([...ends.keys()].sort()).toEqual([
      'COMPENSATING, parked: attempts-exhausted',
      'COMPENSATING, parked: handler-missing',
      'COMPENSATION_FAILED, parked: attempts-exhausted',
      'COMPLETED',
      'FAILED',
      'RUNNING, parked: attempts-exhausted',
      'RUNNING, parked: definition-changed',
      'RUNNING, parked: unstorable-result',
    ]);
    expect([...faults.keys()].sort()).toEqual([...FAULTS].sort());
  });

  afterAll(() => {
    process.stdout.write(`The model: ${configurations} configurations, ${states} states.\n`);
  });
});
