import { choices, withoutFaults } from './choices.js';
import { checkRest, told } from './explore.js';
import { bornWorld } from './process.js';
import type { Scenario } from './scenario.js';
import { check } from './violation.js';
import { copyWorld, type World } from './world.js';

/** What happens at one point of a journey: `pick` chooses among the faults, or among what happens of itself. */
export interface Turn {
  readonly isFault: boolean;
  readonly pick: number;
}

/** No saga of the model takes so long once it is left in peace. */
const ENOUGH = 2_000;

/** One way through a scenario: as `turns` say at first, and then in peace to the end, which is returned. */
export function travel(scenario: Scenario, turns: readonly Turn[]): World {
  const way: number[] = [];
  let world = bornWorld(scenario);
  try {
    for (const turn of turns) take(choose(scenario, world, turn));
    for (let at = 0; withoutFaults(scenario, world).some(({ isChance }) => isChance !== true); at++) {
      check(at < ENOUGH, 'a saga left in peace comes to its end', at);
      take(0);
    }
    checkRest(world);
    return world;
  } catch (error) {
    throw told(scenario, way, error);
  }

  function take(index: number | undefined): void {
    if (index === undefined) return;
    way.push(index);
    world = copyWorld(world);
    choices(scenario, world)[index]?.apply(world);
  }
}

function choose(scenario: Scenario, world: World, { isFault, pick }: Turn): number | undefined {
  const calm = withoutFaults(scenario, world).length;
  const faults = choices(scenario, world).length - calm;
  if (isFault && faults > 0) return calm + (pick % faults);
  return calm > 0 ? pick % calm : undefined;
}
