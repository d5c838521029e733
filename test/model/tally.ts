import { explore } from './explore.js';
import type { Fault, Scenario } from './scenario.js';

/** What a test file has explored, all in all. */
export class Tally {
  configurations = 0;
  states = 0;
  readonly ends = new Set<string>();
  readonly faults = new Set<Fault>();

  /** @throws Violation as {@link explore} does. */
  explore(scenarios: readonly Scenario[]): void {
    for (const scenario of scenarios) {
      const explored = explore(scenario);
      this.configurations++;
      this.states += explored.states;
      for (const end of explored.ends.keys()) this.ends.add(end);
      for (const fault of explored.faults.keys()) this.faults.add(fault);
    }
  }

  print(what: string): void {
    process.stdout.write(`${what}: ${this.configurations} configurations, ${this.states} states.\n`);
  }
}
