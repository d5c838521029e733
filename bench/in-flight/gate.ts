/** Holds everybody up until it is opened; then the next ones. */
export class Gate {
  private readonly held: (() => void)[] = [];
  private wanted = Infinity;
  private onReached: () => void = () => undefined;

  pass(): Promise<void> {
    return new Promise((resolve) => {
      this.held.push(resolve);
      if (this.held.length >= this.wanted) this.onReached();
    });
  }

  /** Resolves when so many stand here. */
  reached(count: number): Promise<void> {
    if (this.held.length >= count) return Promise.resolve();
    this.wanted = count;
    return new Promise((resolve) => (this.onReached = resolve));
  }

  open(): void {
    for (const resolve of this.held.splice(0)) resolve();
  }
}
