import { Observable } from 'rxjs';
import { SagaInterruptedError } from '../errors/saga-interrupted-error.js';
import { UnreadableSagaError } from '../errors/unreadable-saga-error.js';
import type { LogEntry } from '../storage/log-entry.js';
import { FollowedLogs, type FollowedLog } from './followed-logs.js';
import { Pause } from './pause.js';
import type { SagaEnvironment } from './saga-environment.js';

/**
 * Follows sagas' logs, wherever they run. The log's `seq` is the truth: writes of this process are passed on as they happen, and
 * whenever there is a gap, or a hint of another process's writes, the log is read.
 */
export class LogFollower {
  private readonly following = new Set<() => void>();
  private readonly logs: FollowedLogs;
  #closed = false;

  /** `runsHere` says which sagas this process writes itself: nobody else has to tell of them. */
  constructor(
    private readonly env: SagaEnvironment,
    runsHere: (sagaId: string) => boolean,
  ) {
    this.logs = new FollowedLogs(env.storage, runsHere);
  }

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
      const wake = (): void => {
        missed = true;
        pause?.wake();
      };
      const stopObserving = this.env.observers.observe(sagaId, (entries) => {
        if (pause !== undefined && entries[0]?.seq === seen + 1) return emit(entries);
        wake();
      });
      const log = this.logs.add(sagaId, wake);
      this.following.add(fail);
      const readOn = async (): Promise<void> => {
        while (!subscriber.closed) {
          missed = false;
          const entries = await this.read(sagaId, { after: seen, waiter: log });
          // A write of this process may have been passed on meanwhile.
          const news = entries.filter(({ seq }) => seq > seen);
          if (news.length > 0) emit(news);
          if (subscriber.closed) return;
          if (missed) continue;
          pause = new Pause(log.nextLook(news.length > 0 ? 'news' : 'nothing'), { keepAlive: false });
          await pause.over;
          pause = undefined;
        }
      };
      readOn().catch((error: unknown) => subscriber.error(error));
      return () => {
        stopObserving();
        log.leave();
        this.env.outage.gaveUp(log);
        this.following.delete(fail);
        pause?.wake();
      };
    });
  }

  /** Tells everybody who still follows that this process will not see the end. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const fail of this.following) fail();
    await this.logs.close();
  }

  private async read(
    sagaId: string,
    { after, waiter }: { readonly after: number; readonly waiter: FollowedLog },
  ): Promise<readonly LogEntry[]> {
    try {
      const entries = await this.env.storage.history(sagaId, { after });
      this.env.outage.answered(waiter);
      return entries;
    } catch (error) {
      if (error instanceof UnreadableSagaError) throw error;
      this.env.outage.met(error, waiter);
      return [];
    }
  }
}
