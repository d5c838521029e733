import { isFinal } from '../../lib/storage/saga-record.js';
import { choices, withoutFaults, type Choice } from './choices.js';
import { checkEnd } from './outside.js';
import { bornWorld } from './process.js';
import type { Fault, Scenario } from './scenario.js';
import { Violation, check } from './violation.js';
import { copyWorld, type World } from './world.js';
import { WorldKeys } from './world-key.js';

export interface Exploration {
  readonly states: number;
  /** How the sagas rested, and how often. */
  readonly ends: ReadonlyMap<string, number>;
  /** What went wrong on the way, and how often. */
  readonly faults: ReadonlyMap<Fault, number>;
}

/** A state that was reached: where from, by which choice, and where the calm course of things leads from it. */
interface Node {
  readonly parent: number;
  readonly choice: number;
  calm: number;
}

interface Reached {
  readonly world: World;
  readonly parent: number;
  readonly choice: number;
}

interface Open {
  readonly node: number;
  readonly world: World;
}

const NOWHERE = -1;

/**
 * Goes through every world that a scenario can come to, those with fewer faults first, so that the first way to one is
 * the one that leaves most for later. Throws a {@link Violation} with the shortest way to the first promise that does not
 * hold, and for more than `limit` states: rules that never come to an end would have endless ones.
 */
export function explore(scenario: Scenario, limit = 500_000): Exploration {
  return new Explorer(scenario, limit).explore();
}

class Explorer {
  private readonly nodes: Node[] = [];
  private readonly keys = new WorldKeys();
  private readonly seen = new Map<string, number>();
  private readonly ends = new Map<string, number>();
  private readonly faults = new Map<Fault, number>();
  /** To be visited with the faults there were so far, and with one more. */
  private open: (Open | undefined)[] = [];
  private later = new Map<string, Reached>();

  constructor(
    private readonly scenario: Scenario,
    private readonly limit: number,
  ) {}

  explore(): Exploration {
    const { stackTraceLimit } = Error;
    // Steps throw a million errors here, whose stacks nobody reads: to spell them out took a tenth of the time.
    Error.stackTraceLimit = 0;
    try {
      return this.exploreAll();
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  private exploreAll(): Exploration {
    this.later.set('', { world: bornWorld(this.scenario), parent: NOWHERE, choice: 0 });
    for (let faults = 0; faults <= this.scenario.faults; faults++) {
      const reached = this.later;
      this.later = new Map();
      this.open = [];
      for (const one of reached.values()) this.reach(one, this.keys.of(one.world));
      // Grows while it is walked through: what costs nothing belongs to the same layer.
      for (let at = 0; at < this.open.length; at++) {
        const { node, world } = this.open[at] as Open;
        this.visit(node, world, faults === this.scenario.faults);
        this.open[at] = undefined;
      }
    }
    checkProgress(this.scenario, this.nodes);
    return { states: this.nodes.length, ends: this.ends, faults: this.faults };
  }

  private reach({ world, parent, choice }: Reached, key: string): number {
    const known = this.seen.get(key);
    if (known !== undefined) return known;
    const node = this.nodes.push({ parent, choice, calm: NOWHERE }) - 1;
    this.seen.set(key, node);
    this.open.push({ node, world });
    return node;
  }

  private visit(node: number, world: World, isLast: boolean): void {
    check(this.nodes.length < this.limit, 'a saga comes to its end: the states of this one do not', this.scenario.name);
    const all = isLast ? withoutFaults(this.scenario, world) : choices(this.scenario, world);
    const calm = all.findIndex(({ fault, isChance }) => fault === undefined && isChance !== true);
    if (calm < 0) this.rest(node, world);
    all.forEach((choice, index) => {
      const reached = { world: this.after(world, choice, [node, index]), parent: node, choice: index };
      const key = this.keys.of(reached.world);
      if (choice.fault === undefined) {
        const next = this.reach(reached, key);
        if (index === calm) (this.nodes[node] as Node).calm = next;
        return;
      }
      this.faults.set(choice.fault, (this.faults.get(choice.fault) ?? 0) + 1);
      if (!this.seen.has(key) && !this.later.has(key)) this.later.set(key, reached);
    });
  }

  private after(world: World, choice: Choice, [node, index]: readonly [number, number]): World {
    const next = copyWorld(world);
    try {
      choice.apply(next);
      return next;
    } catch (error) {
      throw told(this.scenario, [...wayTo(this.nodes, node), index], error);
    }
  }

  private rest(node: number, world: World): void {
    try {
      const end = checkRest(world);
      this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
    } catch (error) {
      throw told(this.scenario, wayTo(this.nodes, node), error);
    }
  }
}

/** Where the calm course of things ends: over, or parked for a reason, and with nobody left without an answer. */
export function checkRest(world: World): string {
  const { status } = world.store.state;
  const { held, requests } = world.store;
  check(isFinal(status) || held !== undefined, 'every saga comes to its end', status);
  check(requests.length === 0, 'each request is answered', requests);
  checkEnd(world);
  return isFinal(status) ? status : `${status}, parked: ${held?.code ?? ''}`;
}

/** From every state, the calm course of things leads to an end: it never goes round in circles. */
function checkProgress(scenario: Scenario, nodes: readonly Node[]): void {
  const reaches = new Uint8Array(nodes.length);
  for (let start = 0; start < nodes.length; start++) {
    const way: number[] = [];
    let node = start;
    const onWay = new Set<number>();
    while (node !== NOWHERE && reaches[node] === 0) {
      if (onWay.has(node)) {
        const circle = new Violation('a saga left in peace comes to its end; this one goes round in circles');
        throw told(scenario, [...wayTo(nodes, start), ...Array<number>(way.length + 3).fill(0)], circle);
      }
      onWay.add(node);
      way.push(node);
      node = (nodes[node] as Node).calm;
    }
    for (const passed of way) reaches[passed] = 1;
  }
}

function wayTo(nodes: readonly Node[], node: number): readonly number[] {
  const way: number[] = [];
  for (let at = node; at > 0; at = (nodes[at] as Node).parent) way.push((nodes[at] as Node).choice);
  return way.reverse();
}

/** The same error, with the way to it. */
export function told(scenario: Scenario, way: readonly number[], error: unknown): Error {
  // What is thrown once more on the way there has a stack.
  Error.stackTraceLimit = 20;
  let cause = error;
  let world = bornWorld(scenario);
  const lines = [`saga: ${scenario.name}`, ...world.notes.map((note) => `     ${note}`)];
  for (const index of way) {
    const choice: Choice | undefined = choices(scenario, world)[index];
    if (choice === undefined) break;
    lines.push(`${choice.fault === undefined ? '  ' : ' !'} ${choice.label}`);
    world = copyWorld(world);
    try {
      choice.apply(world);
    } catch (again) {
      cause = again;
      break;
    }
    lines.push(...world.notes.map((note) => `     ${note}`));
  }
  const message = error instanceof Error ? error.message : String(error);
  return new Violation(`${message}\n${lines.join('\n')}`, { cause });
}
