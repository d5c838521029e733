import { appendFileSync } from 'node:fs';

/** A place at which a process may die: a write or an effect of a saga, on either side of it. */
export interface CrashPoint {
  /** Absent where a process writes of itself: its lease. */
  readonly sagaId?: string | undefined;
  /** `before write B act completed + C act started`, `after act of B`, `after claim (2)`. */
  readonly name: string;
}

export interface CrashPointOptions {
  /** A file to which each point is appended when it is reached, a line of JSON each. */
  readonly reached: string;
  /** The point at which this process dies. */
  readonly crashAt?: CrashPoint | undefined;
}

/** The places at which a process may die: each has a name, and says when it is passed. */
export class CrashPoints {
  private readonly passed = new Map<string, number>();

  constructor(private readonly options: CrashPointOptions) {}

  /** Dies here, if this is the place: at once, with nothing flushed, closed or said. */
  reach({ sagaId, name }: CrashPoint): void {
    const times = (this.passed.get(`${String(sagaId)} ${name}`) ?? 0) + 1;
    this.passed.set(`${String(sagaId)} ${name}`, times);
    // How often a lease is renewed is a matter of time: the first time is the place.
    if (sagaId === undefined && times > 1) return;
    const point: CrashPoint = { sagaId, name: times === 1 ? name : `${name} (${String(times)})` };
    const { reached, crashAt } = this.options;
    appendFileSync(reached, `${JSON.stringify(point)}\n`);
    if (point.name !== crashAt?.name || (sagaId ?? crashAt.sagaId) !== crashAt.sagaId) return;
    process.kill(process.pid, 'SIGKILL');
    for (;;); // The signal is on its way; not one more instruction of the application may run.
  }
}
