/**
 * The storage's clock, as well as it can be read here: the last time that the storage told, plus what this process's
 * monotonic clock has counted since. The host's wall clock is never asked, so it may be wrong by hours.
 */
export class StorageClock {
  #told = 0;
  #toldAt = 0;

  /** Called with every time that the storage hands out. */
  observe(told: Date): void {
    this.#told = told.getTime();
    this.#toldAt = performance.now();
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#told + (performance.now() - this.#toldAt);
  }
}
