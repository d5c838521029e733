import type { SagaStorage } from '../storage/saga-storage.js';
import { HintSubscription } from './hint-subscription.js';

/** A log that may be written elsewhere is read again after so many ms: growing from the first to the last while nothing happens. */
const FIRST_LOOK = 200;
const LAST_LOOK = 1_000;
const GROWTH = 1.5;

/** Where the storage tells of writes: so much a hint that was lost costs. */
const LOOK_WHEN_TOLD = 5_000;

/** However many logs are followed, one read in so many ms has to do. */
const READ_SPACING = 5;

/** The storage is listened to for so many ms after the last who needed it: the next one comes soon. */
const LINGER = 30_000;

/** A log that somebody follows. */
export interface FollowedLog {
  /** In how many ms it is to be read again, if nobody wakes its follower before. */
  nextLook(found: 'news' | 'nothing'): number;
  leave(): void;
}

/** When to read which followed log: at once where the storage tells of a write, else now and then, and the less often the more there are. */
export class FollowedLogs {
  private readonly wakers = new Map<string, Set<() => void>>();
  private readonly hints: HintSubscription;
  private readonly staggered = new Set<NodeJS.Timeout>();
  #count = 0;
  #lingering: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    storage: SagaStorage,
    private readonly runsHere: (sagaId: string) => boolean,
  ) {
    this.hints = new HintSubscription(storage, 'written', (sagaIds) => this.onHint(sagaIds));
  }

  /** `wake` is called when the log may have grown. */
  add(sagaId: string, wake: () => void): FollowedLog {
    const wakers = this.wakers.get(sagaId) ?? new Set();
    this.wakers.set(sagaId, wakers.add(wake));
    this.#count++;
    let interval = FIRST_LOOK;
    return {
      nextLook: (found) => {
        if (!this.runsHere(sagaId)) this.listen();
        interval = found === 'news' ? FIRST_LOOK : Math.min(interval * GROWTH, LAST_LOOK);
        const wanted = this.hints.isHeard && !this.runsHere(sagaId) ? LOOK_WHEN_TOLD : interval;
        return Math.max(wanted, this.#count * READ_SPACING);
      },
      leave: () => {
        wakers.delete(wake);
        if (wakers.size === 0) this.wakers.delete(sagaId);
        if (--this.#count === 0) this.linger();
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#lingering);
    for (const timer of this.staggered) clearTimeout(timer);
    await this.hints.end();
  }

  private listen(): void {
    if (this.#closed) return;
    clearTimeout(this.#lingering);
    this.hints.begin();
  }

  private linger(): void {
    clearTimeout(this.#lingering);
    if (!this.#closed) this.#lingering = setTimeout(() => void this.hints.end(), LINGER).unref();
  }

  private onHint(sagaIds: readonly string[]): void {
    if (sagaIds.length === 0) return this.wakeAll();
    for (const id of sagaIds) {
      if (!this.runsHere(id)) for (const wake of this.wakers.get(id) ?? []) wake();
    }
  }

  /** One after the other, so that a thousand followers do not hold up the sagas that run. */
  private wakeAll(): void {
    [...this.wakers.values()]
      .flatMap((wakers) => [...wakers])
      .forEach((wake, i) => {
        if (i === 0) return wake();
        const timer = setTimeout(() => {
          this.staggered.delete(timer);
          wake();
        }, i * READ_SPACING).unref();
        this.staggered.add(timer);
      });
  }
}
