import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { words, type Ways } from './plans.js';
import { everyFailingCompensation, everyFailingStep, scenarioOf, FAULTS } from './scenarios.js';
import { Tally } from './tally.js';

jest.setTimeout(120_000);

/**
 * Every saga of up to four steps, with everything that may happen to it at every point: each scenario is gone through
 * completely, and each state of it is held against the promises (see invariants.ts). With more faults: every-order.test.ts.
 */
describe('every saga keeps the promises', () => {
  const tally = new Tally();
  const patient: Ways = { acts: 2, undos: 2, timeout: 50, deadline: 500 };
  const small = [1, 2, 3].flatMap(words);
  const all = [...small, ...words(4)];
  const compensated = ['CC', 'CCC', 'CCCC', 'CCPR'];

  test('whose deadline cuts an act short', () => {
    tally.explore(
      ['CC', 'OC', 'CCP'].map((word) => scenarioOf(word, { ways: { ...patient, deadline: 30 }, faults: 2 })),
    );
  });

  test('whichever step fails', () => {
    tally.explore(all.flatMap((word) => everyFailingStep(word)));
    tally.explore(['CC', 'OC', 'CP', 'COC'].flatMap((word) => everyFailingStep(word, { faults: 2 })));
  });

  test.each(['continue', 'halt'] as const)('whichever compensation fails, and then: %s', (onExhausted) => {
    tally.explore(compensated.flatMap((word) => everyFailingCompensation(word, { ways: { onExhausted } })));
    tally.explore(everyFailingCompensation('CCC', { ways: { onExhausted, undos: 2 } }));
    tally.explore(everyFailingCompensation('CC', { ways: { onExhausted, timeout: 50 }, faults: 2 }));
  });

  test('with steps that can fail half-way', () => {
    tally.explore(
      ['C', 'CC', 'CCC'].flatMap((word) => everyFailingStep(word, { ways: { compensateOnFailure: true } })),
    );
    tally.explore([scenarioOf('CC', { ways: { compensateOnFailure: true, acts: 2 }, faults: 2 })]);
  });

  test('with fallbacks, nested ones too', () => {
    const fallbacks = ['[CC]', '[OO]', 'C[CC]', '[CC]C', 'C[CC]P', 'C[CC]C', '[[CC]C]', '[C[CC]]', '[CC][CC]'];
    tally.explore(fallbacks.flatMap((word) => [scenarioOf(word), ...everyFailingStep(word)]));
    tally.explore(['[CC]', '[CC]C'].flatMap((word) => everyFailingStep(word, { faults: 2 })));
    tally.explore(everyFailingStep('C[CC]C', { ways: { compensateOnFailure: true } }));
  });

  test('with transactional steps, one of them and several', () => {
    tally.explore(['c', 'p'].map((word) => scenarioOf(word, { faults: 3 })));
    tally.explore(['cC', 'Cc', 'cc', 'Cp', 'pr'].map((word) => scenarioOf(word, { faults: 3 })));
    tally.explore([scenarioOf('cPr', { faults: 2 })]);
    tally.explore(['cC', 'Cc', 'Oc', 'Cp', 'cpr'].map((word) => scenarioOf(word, { ways: patient })));
    tally.explore(['cc', 'cp'].map((word) => scenarioOf(word, { ways: { ...patient, deadline: 30 }, faults: 2 })));
    tally.explore(['cC', 'Cc', 'ccc', 'cp'].flatMap((word) => everyFailingStep(word)));
    tally.explore(['[cC]', '[Cc]', '[cc]C'].flatMap((word) => [scenarioOf(word), ...everyFailingStep(word)]));
    tally.explore(everyFailingCompensation('ccC', { ways: { undos: 2 } }));
    tally.explore(everyFailingStep('cc', { ways: { compensateOnFailure: true } }));
    tally.explore([scenarioOf('cp', { queued: true, ways: { deadline: 500 } })]);
  });

  test('that waits for a worker first', () => {
    tally.explore(
      ['C', 'CC', 'CPR'].map((word) => scenarioOf(word, { queued: true, faults: 2, ways: { deadline: 500 } })),
    );
  });

  test.each(['hold', 'compensate'] as const)('whose definition changes, with the policy %s', (onDefinitionChange) => {
    const circumstances = { ways: { onDefinitionChange }, missing: ['C1'], faults: 2 };
    tally.explore(['CC', 'CP', 'CPR'].map((word) => scenarioOf(word, circumstances)));
    tally.explore(everyFailingStep('CCC', { ...circumstances, missing: ['C2'] }));
  });

  test('comes to every end, through every fault', () => {
    expect([...tally.ends].sort()).toEqual([
      'COMPENSATING, parked: attempts-exhausted',
      'COMPENSATING, parked: handler-missing',
      'COMPENSATION_FAILED, parked: attempts-exhausted',
      'COMPLETED',
      'FAILED',
      'RUNNING, parked: attempts-exhausted',
      'RUNNING, parked: definition-changed',
      'RUNNING, parked: unstorable-result',
    ]);
    expect([...tally.faults].sort()).toEqual([...FAULTS].sort());
  });

  afterAll(() => {
    tally.print('The model');
  });
});
