import { Observable, concatMap, defer, filter, from, map, takeWhile } from 'rxjs';
import type { ContextOf } from '../definition/saga-definition.js';
import type { SagaEvent } from '../events/saga-event.js';
import type { LogEntry } from '../storage/log-entry.js';
import type { LoadedSaga } from '../storage/saga-record.js';
import { EventFeed } from './event-feed.js';
import type { SagaEngine } from './saga-engine.js';
import type { SagaReader } from './saga-reader.js';
import type { SagaView } from './saga-view.js';
import type { UncommittedSaga } from './uncommitted-saga.js';

/** Why a saga is cancelled, and by whom. */
export interface CancelOptions {
  /** Kept in the history, and in the message of `SagaCancelledError`. */
  readonly reason?: string;
  /** Who asks; kept in the history. */
  readonly by?: string;
}

/** How a step was settled by hand. */
export interface ResolveOptions {
  /** What was done about it outside; kept in the history. */
  readonly reason: string;
  /** Who has settled it; kept in the history. */
  readonly by?: string;
}

/** From where on a saga is watched. */
export interface WatchOptions {
  /** Only events with a greater `seq`: the `Last-Event-ID` of a stream that is resumed. Default: all. */
  readonly after?: number;
}

/**
 * One saga, by its id: to look at, to wait for, to watch, and to operate on, from any process.
 *
 * `S` is the saga's class, so that its context is typed: `SagaHandle<OrderSaga>`.
 */
export class SagaHandle<S = unknown> {
  /** @internal `SagaRunner` makes it. */
  constructor(
    /** The saga's id. */
    readonly id: string,
    private readonly engine: SagaEngine,
    private readonly reader: SagaReader,
    /** Present where it was started in a transaction of the application's. */
    private readonly uncommitted?: UncommittedSaga,
  ) {}

  /**
   * The saga as it is stored now. A context that cannot be restored here (a key is missing, say) comes as it is stored.
   *
   * @throws {SagaNotFoundError} when it has been pruned.
   */
  record(): Promise<SagaView<ContextOf<S>>> {
    return this.reader.view(this.id);
  }

  /** Its whole log, in order: what happened, when, and which worker wrote it. */
  history(): Promise<readonly LogEntry[]> {
    return this.engine.env.storage.history(this.id);
  }

  /**
   * Waits for the end, as `run()` does, whichever process runs the saga. Where it was started in a transaction of yours, it waits for the
   * commit first: so wait behind the commit, not inside of the transaction.
   *
   * @throws {SagaNotStartedError} when that transaction was rolled back.
   * @throws the step's own error after the rollback, rebuilt from the log where it was thrown elsewhere: a 409 stays a 409.
   * @throws {SagaInterruptedError} when the saga is parked or the application closes.
   */
  async result(): Promise<ContextOf<S>> {
    await this.uncommitted?.committed();
    return (await this.reader.result(this.id)) as ContextOf<S>;
  }

  /**
   * Asks the saga to turn back, and resolves when it has agreed: not when all is undone. The step in flight ends first.
   *
   * @throws {RequestRefusedError} when it has passed its pivot, goes back already, or is finished.
   */
  cancel(options: string | CancelOptions = {}): Promise<void> {
    const { reason, by } = typeof options === 'string' ? ({ reason: options } as CancelOptions) : options;
    return this.engine.operators.ask({ sagaId: this.id, type: 'cancel', ...given({ reason, by }) });
  }

  /**
   * Tries the failed compensations again now.
   *
   * @throws {RequestRefusedError} unless the saga is COMPENSATION_FAILED.
   */
  retryCompensation({ by }: Pick<CancelOptions, 'by'> = {}): Promise<void> {
    return this.engine.operators.ask({ sagaId: this.id, type: 'retry', ...given({ by }) });
  }

  /**
   * Says that a step whose compensation failed has been settled by hand: it counts as undone.
   *
   * @throws {RequestRefusedError} when this step's compensation has not failed.
   */
  resolve(step: string, { reason, by }: ResolveOptions): Promise<void> {
    return this.engine.operators.ask({ sagaId: this.id, type: 'resolve', step, reason, ...given({ by }) });
  }

  /**
   * Replays the saga's events, then follows it live, in whichever process it runs. Completes when the saga is final. Waits for the commit as
   * {@link result} does.
   *
   * @throws {SagaNotStartedError} through the observable, when the transaction in which it was started was rolled back.
   */
  watch({ after = 0 }: WatchOptions = {}): Observable<SagaEvent> {
    return defer(() => from(this.loadCommitted())).pipe(
      concatMap(({ record }) => {
        const feed = new EventFeed(this.reader.turnedSaga(record), record.plan);
        return this.engine.follower.follow(this.id).pipe(
          concatMap((entries) => from(entries)),
          map((entry) => ({ event: feed.next(entry), last: isLast(entry) })),
          takeWhile(({ last }) => !last, true),
        );
      }),
      map(({ event }) => event),
      filter((event): event is SagaEvent => event !== undefined && event.seq > after),
    );
  }

  private async loadCommitted(): Promise<LoadedSaga> {
    await this.uncommitted?.committed();
    return this.reader.loadReadable(this.id);
  }
}

function isLast(entry: LogEntry): boolean {
  return entry.step === undefined && (entry.event === 'completed' || entry.event === 'failed');
}

function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
