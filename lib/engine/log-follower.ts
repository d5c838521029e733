import { Observable } from 'rxjs';
import { SagaInterruptedError } from '../errors/saga-interrupted-error.js';
import { UnreadableSagaError } from '../errors/unreadable-saga-error.js';
import type { LogEntry } from '../storage/log-entry.js';
import { Pause } from './pause.js';
import type { SagaEnvironment } from './saga-environment.js';

/** How often the log is read while some other process may be writing it, in ms. */
const POLL_INTERVAL = 200;

/**
 * Follows sagas' logs, wherever they run. The log's `seq` is the truth: writes of this process are passed on as they happen, and
 * whenever there is a gap the log is read.
 */
export class LogFollower {
  private readonly following = new Set<() => void>();
  #closed = false;

  constructor(private readonly env: SagaEnvironment) {}

  /**
   * The entries behind `after`, in the portions in which they were written or read. Never completes by itself; waits for a storage
   * that does not answer.
   *
   * @throws {UnreadableSagaError} through the observable.
   */
  follow(sagaId: string, after = 0): Observable<readonly LogEntry[]> {
    return new Observable((subscriber) => {
      const fail = (): void => subscriber.error(new SagaInterruptedError(sagaId, 'closing'));
      if (this.#closed) return fail();
      let seen = after;
      let pause: Pause | undefined;
      /** Something was written while the log was being read, and may not be in what was read. */
      let missed = false;
      const emit = (entries: readonly LogEntry[]): void => {
        seen = entries.at(-1)?.seq ?? seen;
        subscriber.next(entries);
      };
      const stopObserving = this.env.observers.observe(sagaId, (entries) => {
        if (pause !== undefined && entries[0]?.seq === seen + 1) return emit(entries);
        missed = true;
        pause?.wake();
      });
      this.following.add(fail);
      const readOn = async (): Promise<void> => {
        while (!subscriber.closed) {
          missed = false;
          const entries = await this.read(sagaId, seen);
          // A write of this process may have been passed on meanwhile.
          const news = entries.filter(({ seq }) => seq > seen);
          if (news.length > 0) emit(news);
          if (subscriber.closed) return;
          if (missed) continue;
          pause = new Pause(POLL_INTERVAL, { keepAlive: false });
          await pause.over;
          pause = undefined;
        }
      };
      readOn().catch((error: unknown) => subscriber.error(error));
      return () => {
        stopObserving();
        this.following.delete(fail);
        pause?.wake();
      };
    });
  }

  /** Tells everybody who still follows that this process will not see the end. */
  close(): void {
    this.#closed = true;
    for (const fail of this.following) fail();
  }

  private async read(sagaId: string, after: number): Promise<readonly LogEntry[]> {
    try {
      const entries = await this.env.storage.history(sagaId, { after });
      this.env.outage.ended();
      return entries;
    } catch (error) {
      if (error instanceof UnreadableSagaError) throw error;
      this.env.outage.began(error);
      return [];
    }
  }
}
