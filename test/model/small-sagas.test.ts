import { describe, test } from '@jest/globals';
import { explore } from './explore.js';
import type { Scenario } from './scenario.js';
import { everyFailingCompensation, everyFailingStep, everyOrder, scenarioOf } from './scenarios.js';

/** The model in small: what of every-saga.test.ts takes moments, for a look in between and for mutation testing. */
describe('small sagas keep the promises', () => {
  test.each<[string, readonly Scenario[]]>([
    [
      'of one or two steps',
      [1, 2].flatMap((steps) => everyOrder(steps, { ways: { acts: 2, timeout: 50, deadline: 500 } })),
    ],
    ['of three steps', everyOrder(3)],
    ['that fail', ['CC', 'OC', 'CCP', 'CCC'].flatMap((word) => everyFailingStep(word))],
    ['that can fail half-way', everyFailingStep('CC', { ways: { compensateOnFailure: true } })],
    ['with fallbacks', ['[CC]', 'C[OO]', '[[CC]C]C'].flatMap((word) => everyFailingStep(word))],
    ['that wait for a worker first', [scenarioOf('CC', { queued: true })]],
    ['that are not undone', everyFailingCompensation('CCC', { ways: { undos: 2 } })],
    ['that halt', everyFailingCompensation('CCC', { ways: { onExhausted: 'halt' } })],
    ['that hold when they change', everyFailingStep('CC', { missing: ['C1'], faults: 2 })],
    [
      'that turn when they change',
      [scenarioOf('CP', { ways: { onDefinitionChange: 'compensate' }, missing: ['C1'], faults: 2 })],
    ],
    ['of one step, whatever two things happen', everyOrder(1, { faults: 2 })],
  ])('%s', (_, scenarios) => {
    for (const scenario of scenarios) explore(scenario);
  });
});
