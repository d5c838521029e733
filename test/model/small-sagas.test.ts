import { describe, test } from '@jest/globals';
import { explore } from './explore.js';
import type { Scenario } from './scenario.js';
import { everyFailingCompensation, everyFailingStep, scenarioOf } from './scenarios.js';

/** The model in small: what of every-saga.test.ts takes moments, for a look in between and for mutation testing. */
describe('small sagas keep the promises', () => {
  const patient = { acts: 2, timeout: 50, deadline: 500 };

  test.each<[string, readonly Scenario[]]>([
    ['of each kind', ['CC', 'CP', 'PR', 'OC', 'PO'].map((word) => scenarioOf(word, { ways: patient }))],
    ['whose deadline cuts an act short', [scenarioOf('CC', { ways: { ...patient, deadline: 30 } })]],
    ['that fail', ['CC', 'OP'].flatMap((word) => everyFailingStep(word))],
    ['that can fail half-way', everyFailingStep('C', { ways: { compensateOnFailure: true } })],
    ['with a fallback', everyFailingStep('[CC]')],
    ['that write locally', ['cC', 'Cp', 'pr'].map((word) => scenarioOf(word, { ways: patient }))],
    ['that wait for a worker first', [scenarioOf('C', { queued: true })]],
    ['that are not undone', everyFailingCompensation('CCC', { ways: { undos: 2 } })],
    ['that halt', everyFailingCompensation('CCC', { ways: { onExhausted: 'halt' } })],
    ['that hold when they change', everyFailingStep('CC', { missing: ['C1'] })],
    [
      'that turn when they change',
      [scenarioOf('C', { ways: { onDefinitionChange: 'compensate' }, missing: ['C1'], faults: 2 })],
    ],
    ['with a pivot, whatever two things happen', [scenarioOf('P', { faults: 2 })]],
  ])('%s', (_, scenarios) => {
    for (const scenario of scenarios) explore(scenario, 10_000);
  });
});
