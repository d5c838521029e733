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
 * too. Garbage is collected before each turn, so that nobody pays for the other's.
 */
export async function alternate({ rounds, warmUp, ours, floor }: Alternation): Promise<Comparison> {
  const seen: { readonly ours: Round; readonly floor: Round }[] = [];
  const contestants = { ours: await ours(), floor: await floor() };
  for (let n = -warmUp; n < rounds; n++) {
    const oursFirst = n % 2 === 0;
    const first = await turn(contestants[oursFirst ? 'ours' : 'floor']);
    const second = await turn(contestants[oursFirst ? 'floor' : 'ours']);
    if (n >= 0) seen.push(oursFirst ? { ours: first, floor: second } : { ours: second, floor: first });
  }
  await contestants.ours.close?.();
  await contestants.floor.close?.();
  const latencies = seen.flatMap((pair) => pair.ours.latencies);
  const pairs = seen.map((pair) => pair.ours.perSecond / pair.floor.perSecond);
  return {
    perSecond: median(seen.map((pair) => pair.ours.perSecond)),
    floorPerSecond: median(seen.map((pair) => pair.floor.perSecond)),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    ratio: median(pairs),
    pairs,
  };
}

async function turn(contestant: Contestant): Promise<Round> {
  collectGarbage();
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
