import { afterAll, describe, jest, test } from '@jest/globals';
import type { Ways } from './plans.js';
import { everyOrder } from './scenarios.js';
import { Tally } from './tally.js';

/** How much may happen to small and to large sagas. One more of it takes about eight times as long: MODEL=all. */
const { small, large } = process.env['MODEL'] === 'all' ? { small: 4, large: 3 } : { small: 3, large: 2 };

jest.setTimeout(3_600_000);

/** Every order of kinds of up to four steps, and as many faults as there is time for; the rest is in every-saga.test.ts. */
describe('every saga keeps the promises, in every order of kinds', () => {
  const tally = new Tally();
  const patient: Ways = { acts: 2, undos: 2, timeout: 50, deadline: 500 };

  test(`of one and two steps, whatever ${small} things happen`, () => {
    tally.explore([1, 2].flatMap((steps) => everyOrder(steps, { faults: small })));
  });

  test('of three steps, whatever 3 things happen', () => {
    tally.explore(everyOrder(3, { faults: 3 }));
  });

  test(`of four steps, whatever ${large} things happen`, () => {
    tally.explore(everyOrder(4, { faults: large }));
  });

  test(`of up to three steps with retries, timeouts and a deadline, whatever ${large} things happen`, () => {
    tally.explore([1, 2, 3].flatMap((steps) => everyOrder(steps, { ways: patient, faults: large })));
  });

  test('of four steps with retries, timeouts and a deadline, whatever 2 things happen', () => {
    tally.explore(everyOrder(4, { ways: patient, faults: 2 }));
  });

  afterAll(() => {
    tally.print('The model, in every order of kinds');
  });
});
