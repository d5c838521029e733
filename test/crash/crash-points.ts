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
  /** The points at which sagas stand still; when all of them do, this process dies. */
  readonly crashAt?: readonly CrashPoint[] | undefined;
}

/** The places at which a process may die: each has a name, and says when it is passed. */
export class CrashPoints {
  private readonly passed = new Map<string, number>();
  private readonly awaited: Set<CrashPoint>;

  constructor(private readonly options: CrashPointOptions) {
    this.awaited = new Set(options.crashAt);
  }

  /**
   * Ends the process with an error if after so many milliseconds a saga has passed its place: the others would stand for ever. One that is alone ends
   * the process itself.
   */
  expectWithin(ms: number): void {
    if (this.awaited.size < 2) return;
    setTimeout(() => {
      const [first] = this.awaited;
      throw new Error(`${String(this.awaited.size)} places were never reached, the first: ${JSON.stringify(first)}`);
    }, ms);
  }

  /**
   * Goes no further, if this is the place of a saga that is to die here. With the last one the process dies: at once, with nothing flushed, closed
   * or said. What a kill leaves of a saga that stands is what it leaves of one that has just come there.
   */
  reach({ sagaId, name }: CrashPoint): Promise<void> {
    const times = (this.passed.get(`${String(sagaId)} ${name}`) ?? 0) + 1;
    this.passed.set(`${String(sagaId)} ${name}`, times);
    // How often a lease is renewed is a matter of time: the first time is the place.
    if (sagaId === undefined && times > 1) return Promise.resolve();
    const point: CrashPoint = { sagaId, name: times === 1 ? name : `${name} (${String(times)})` };
    appendFileSync(this.options.reached, `${JSON.stringify(point)}\n`);
    const place = [...this.awaited].find((place) => isAt(point, place));
    if (place === undefined) return Promise.resolve();
    this.awaited.delete(place);
    if (this.awaited.size > 0) return new Promise(() => undefined);
    process.kill(process.pid, 'SIGKILL');
    for (;;); // The signal is on its way; not one more instruction of the application may run.
  }
}

/** What a process writes of itself is a place of whichever saga is to die there. */
function isAt({ sagaId, name }: CrashPoint, place: CrashPoint): boolean {
  return name === place.name && (sagaId ?? place.sagaId) === place.sagaId;
}
