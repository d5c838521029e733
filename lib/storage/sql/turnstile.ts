/**
 * Lets so many in at once, the others in the order in which they came. A transaction of a step keeps a connection for as long as the step
 * thinks; without a limit a few of them would take the last one, and the lease would be lost for want of a connection.
 */
export class Turnstile {
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limit: number) {}

  /** Runs `work` when it is its turn. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.inside < this.limit) this.inside++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      // Whoever comes next takes this place: it is never free in between.
      if (next === undefined) this.inside--;
      else next();
    }
  }
}
