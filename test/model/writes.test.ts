import { describe, expect, test } from '@jest/globals';
import { choices } from './choices.js';
import { words } from './plans.js';
import { bornWorld } from './process.js';
import { scenarioOf } from './scenarios.js';
import { travel } from './journey.js';

describe('the cost of a saga', () => {
  test.each([1, 2, 3, 4].flatMap(words))('%s: N+1 writes for N steps', (word) => {
    expect(travel(scenarioOf(word), []).store.version).toBe(word.length + 1);
  });

  test.each([
    ['CCC', 'C3', 6],
    ['CCC', 'C2', 4],
    ['CCC', 'C1', 2],
    ['COC', 'C3', 5],
    ['OO', 'O2', 3],
  ])(
    '%s, where %s fails: one write for each act and each compensation, and one to begin',
    (word, alwaysFails, writes) => {
      expect(travel(scenarioOf(word, { alwaysFails }), []).store.version).toBe(writes);
    },
  );

  test('an empty saga is created and completed in one write', () => {
    const scenario = scenarioOf('');
    const world = bornWorld(scenario);
    expect(world.store.state.status).toBe('COMPLETED');
    expect(world.store.version).toBe(1);
    expect(choices(scenario, world)).toEqual([]);
  });
});
