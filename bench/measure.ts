/** One round of one contestant. */
export interface Round {
  readonly perSecond: number;
  /** Milliseconds that each one took. Empty where nobody asked: looking at the clock is not free either. */
  readonly latencies: readonly number[];
}

/** Something that is measured: sagas run by this library, or the same work by a hand-written floor. */
export interface Contestant {
  /** Does one round of work. */
  round(): Promise<Round>;
  /** What the counters of its server say so far, where it has one. */
  counters?(): Promise<Readonly<Record<string, number>>>;
  /** Lets go of everything that the rounds have kept. */
  close?(): Promise<void>;
}

/** How many sagas a round runs, and how many of them at the same time. */
export interface Load {
  readonly sagas: number;
  readonly atOnce: number;
}

/** Runs the load and times it as a whole. */
export async function timed({ sagas, atOnce }: Load, run: (n: number) => Promise<unknown>): Promise<Round> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < sagas) await run(next++);
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: atOnce }, lane));
  return { perSecond: (sagas * 1_000) / (performance.now() - startedAt), latencies: [] };
}

/** As {@link timed}, and times each saga as well. */
export async function timedEach(load: Load, run: (n: number) => Promise<unknown>): Promise<Round> {
  const latencies: number[] = [];
  const { perSecond } = await timed(load, async (n) => {
    const startedAt = performance.now();
    await run(n);
    latencies.push(performance.now() - startedAt);
  });
  return { perSecond, latencies };
}

/** What rounds that alternated have shown. */
export interface Comparison {
  readonly perSecond: number;
  readonly floorPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** The median of {@link pairs}, which is not the ratio of the medians: what disturbs both of a pair disturbs no ratio. */
  readonly ratio: number;
  /** Ours by the floor's speed, for each round. */
  readonly pairs: readonly number[];
}

export interface Alternation {
  readonly rounds: number;
  /** Rounds that are run and forgotten, until the code is compiled and the files have their size. */
  readonly warmUp: number;
  readonly ours: () => Promise<Contestant>;
  readonly floor: () => Promise<Contestant>;
}

/**
 * Lets ours and the floor take turns, so that both meet the same machine, whatever else it does; who begins takes turns
 * too. Young garbage is collected before each turn, so that nobody pays for the other's; not all of it, because that throws away
 * compiled code which has not run since, and would slow down whoever has more of it for the next hundred sagas.
 */
export async function alternate({ rounds, warmUp, ours, floor }: Alternation): Promise<Comparison> {
  const seen = await takeTurns({ rounds, warmUp, contestants: { ours, floor } });
  return compare(seen.ours, seen.floor);
}

export interface Turns<Name extends string> {
  readonly rounds: number;
  /** As in {@link Alternation}. */
  readonly warmUp: number;
  readonly contestants: Readonly<Record<Name, () => Promise<Contestant>>>;
  /** How many of the rounds each of these takes part in, the first ones; default all. */
  readonly only?: { readonly [N in Name]?: number };
}

/** As {@link alternate}, for any number of contestants: the measured rounds of each. */
export async function takeTurns<Name extends string>(turns: Turns<Name>): Promise<Record<Name, readonly Round[]>> {
  const { rounds, warmUp, only } = turns;
  const names = Object.keys(turns.contestants) as Name[];
  const contestants = new Map<Name, Contestant>();
  for (const name of names) contestants.set(name, await turns.contestants[name]());
  const seen = Object.fromEntries(names.map((name) => [name, [] as Round[]])) as Record<Name, Round[]>;
  for (let n = -warmUp; n < rounds; n++) {
    for (const name of n % 2 === 0 ? names : names.toReversed()) {
      if (n >= (only?.[name] ?? rounds)) continue;
      const round = await turn(contestants.get(name)!);
      if (n >= 0) seen[name].push(round);
    }
  }
  for (const contestant of contestants.values()) await contestant.close?.();
  return seen;
}

/** What rounds that were taken in turns say about ours and the floor. */
export function compare(ours: readonly Round[], floor: readonly Round[]): Comparison {
  const latencies = ours.flatMap((round) => round.latencies);
  const pairs = ours.map((round, n) => round.perSecond / floor[n]!.perSecond);
  return {
    perSecond: median(ours.map(({ perSecond }) => perSecond)),
    floorPerSecond: median(floor.map(({ perSecond }) => perSecond)),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    ratio: median(pairs),
    pairs,
  };
}

async function turn(contestant: Contestant): Promise<Round> {
  globalThis.gc?.({ type: 'minor' });
  return contestant.round();
}

/** Needs `node --expose-gc`; twice, because the first only finds what finalizers keep. */
export function collectGarbage(): void {
  globalThis.gc?.();
  globalThis.gc?.();
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which this share of the values lies; NaN of no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}
