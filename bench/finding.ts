import type { Comparison } from './measure.js';

/** What a case has found out. */
export interface Finding {
  readonly case: string;
  /** How many sagas a second: run, put in flight, resumed or found, as the case says. Absent, as what follows, where no saga runs. */
  readonly perSecond?: number;
  readonly p50?: number;
  readonly p99?: number;
  readonly floorPerSecond?: number;
  readonly ratio?: number;
  /** The ratio of each round, where rounds alternated. */
  readonly pairs?: readonly number[];
  /** What the case promises, in words, and whether it held. Absent: only reported. */
  readonly bound?: Bound;
  /** Figures of this case alone; the names say the units. */
  readonly more?: Readonly<Record<string, number>>;
}

export interface Bound {
  readonly text: string;
  readonly held: boolean;
}

/** One benchmark: it may find several things. */
export interface BenchCase {
  readonly name: string;
  run(rounds: number): Promise<readonly Finding[]>;
}

/** The finding of a comparison, whose ratio has to be at least `least`. */
export function findingOf(name: string, comparison: Comparison, least?: number): Finding {
  const bound = least === undefined ? {} : { bound: atLeast(comparison.ratio, least) };
  return { case: name, ...comparison, ...bound };
}

export function atLeast(ratio: number, least: number): Bound {
  return { text: `at least ${inWords(least)} of the floor`, held: ratio >= least };
}

/** Several promises of one case; it holds if all of them do, and says which does not. */
export function allOf(bounds: readonly Bound[]): Bound {
  const held = bounds.every((bound) => bound.held);
  const text = bounds.map((bound) => (bound.held ? bound.text : `${bound.text}: MISSED`));
  return { text: text.join('; '), held };
}

/** `1/40` for a small share, `0.80` for a larger one. */
export function inWords(ratio: number): string {
  return ratio < 0.1 ? `1/${(1 / ratio).toFixed(0)}` : ratio.toFixed(2);
}
