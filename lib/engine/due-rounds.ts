/** How late a round may be noticed, as a part of `recovery.interval`: those that are due within it are looked for together. */
const SLOTS_PER_INTERVAL = 10;

/**
 * When the rounds of compensation are due that ended in this worker, so that recovery need not find them by chance. Nothing depends on it:
 * what a crash forgets, or the storage's clock shows a moment too early, the next look by the interval finds.
 */
export class DueRounds {
  private readonly slots = new Set<number>();
  private readonly slot: number;

  /** `interval` in milliseconds. */
  constructor(interval: number) {
    this.slot = Math.max(1, interval / SLOTS_PER_INTERVAL);
  }

  /** A round is due at `dueAt`; ms, storage's clock. */
  add(dueAt: number): void {
    this.slots.add(Math.floor(dueAt / this.slot) + 1);
  }

  /** Milliseconds until the next one, `Infinity` if there is none. Those that were due before `now` are forgotten. */
  untilNext(now: number): number {
    let next = Infinity;
    for (const index of this.slots) {
      const at = index * this.slot;
      if (at <= now) this.slots.delete(index);
      else next = Math.min(next, at);
    }
    return next - now;
  }
}
