/** The longest delay that a timer of Node takes; whoever waits longer looks again then. */
export const MAX_DELAY = 2 ** 31 - 1;

export interface PauseOptions {
  /** Whether the process stays alive for it. Default: `true`. */
  readonly keepAlive?: boolean;
}

/** A wait that can be cut short from outside. */
export class Pause {
  readonly over: Promise<void>;
  wake: () => void = () => undefined;

  constructor(ms: number, { keepAlive = true }: PauseOptions = {}) {
    this.over = new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(Math.max(0, Math.ceil(ms)), MAX_DELAY));
      if (!keepAlive) timer.unref();
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Resolves when `work` has ended, one way or the other, and after `ms` at the latest. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const limit = new Pause(ms);
  const ended = (): void => limit.wake();
  work.then(ended, ended);
  await limit.over;
}
