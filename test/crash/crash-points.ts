import { appendFileSync } from 'node:fs';

export interface CrashPointOptions {
  /** A file to which the name of each point is appended when it is reached. */
  readonly reached: string;
  /** The point at which this process dies. */
  readonly crashAt?: string | undefined;
}

/** The places at which a process may die: each has a name, and says when it is passed. */
export class CrashPoints {
  private readonly passed = new Map<string, number>();

  constructor(private readonly options: CrashPointOptions) {}

  /** Dies here, if this is the place: at once, with nothing flushed, closed or said. */
  reach(name: string): void {
    const times = (this.passed.get(name) ?? 0) + 1;
    this.passed.set(name, times);
    const point = times === 1 ? name : `${name} (${String(times)})`;
    appendFileSync(this.options.reached, `${point}\n`);
    if (point !== this.options.crashAt) return;
    process.kill(process.pid, 'SIGKILL');
    for (;;); // The signal is on its way; not one more instruction of the application may run.
  }
}
