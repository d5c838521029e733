import { describe, expect, test } from '@jest/globals';
import { choices, type Choice } from './choices.js';
import { bornWorld } from './process.js';
import type { Fault, Scenario } from './scenario.js';
import { scenarioOf } from './scenarios.js';
import { copyWorld, type World } from './world.js';
import { WorldKeys } from './world-key.js';

/**
 * The model visits one world of each key. What it leaves out for that is held against what it visits: with the same key, the same
 * may happen next, and leads to worlds of the same keys.
 */
describe('two worlds of one key have the same futures', () => {
  const patient = { acts: 2, undos: 2, timeout: 50, deadline: 500 };
  const changing = { queued: true, missing: ['C1'] };

  test.each([
    scenarioOf('P', { faults: 3, kinds: new Set<Fault>(['unknown', 'stale', 'lost', 'close']) }),
    scenarioOf('CC', { faults: 2 }),
    scenarioOf('CP', { faults: 2, ways: patient }),
    scenarioOf('cC', { faults: 2, ways: patient }),
    scenarioOf('PR', { faults: 2 }),
    scenarioOf('[CC]', { faults: 2 }),
    scenarioOf('C', { faults: 2, ways: { ...patient, deadline: 30 }, ...changing }),
    scenarioOf('CP', { faults: 2, ways: { compensateOnFailure: true, onExhausted: 'halt' } }),
  ])('$name', (scenario) => {
    expect(differing(scenario)).toEqual([]);
  });
});

/** What may happen next to a world of a known key, where it is not what may happen to the first of that key. */
function differing(scenario: Scenario): readonly unknown[] {
  const keys = new WorldKeys();
  const futures = new Map<string, string>();
  const found: unknown[] = [];
  let open = [bornWorld(scenario)];
  for (let faults = 0; faults <= scenario.faults; faults++) {
    const later: World[] = [];
    // Grows while it is walked through: what costs nothing belongs to the same layer.
    for (const world of open) {
      const key = keys.of(world);
      const ways = choices(scenario, world).map((choice) => ({ choice, next: after(world, choice) }));
      const future = ways.map(({ choice, next }) => `${choice.fault ?? 'calm'} ${keys.of(next)}`).sort();
      const known = futures.get(key);
      if (known === undefined) {
        futures.set(key, future.join('\n'));
        for (const { choice, next } of ways) (choice.fault === undefined ? open : later).push(next);
      } else if (known !== future.join('\n')) {
        found.push({ key, known: known.split('\n'), future });
      }
    }
    open = later;
  }
  return found.slice(0, 1);
}

function after(world: World, choice: Choice): World {
  const next = copyWorld(world);
  choice.apply(next);
  return next;
}
