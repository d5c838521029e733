import { Injectable } from '@nestjs/common';
import {
  EMPTY,
  Observable,
  catchError,
  concat,
  defer,
  from,
  ignoreElements,
  merge,
  mergeMap,
  shareReplay,
  takeWhile,
  throwError,
} from 'rxjs';
import type { AnySagaClass, ContextOf } from '../definition/saga-definition.js';
import type { SagaEvent } from '../events/saga-event.js';
import { SagaConflictError } from '../errors/saga-conflict-error.js';
import { SagaInterruptedError } from '../errors/saga-interrupted-error.js';
import type { Page, PruneQuery, SagaQuery } from '../storage/saga-queries.js';
import type { SagaSummary } from '../storage/saga-record.js';
import type { RecoveryReport, SagaOutcome } from './recovery.js';
import { begun } from './begun.js';
import { newSaga, serializationInfoOf, type RunnableSaga } from './runnable-saga.js';
import { SagaEngine } from './saga-engine.js';
import { originalHandle } from './mortal-handle.js';
import { SagaExecution, type Creation } from './saga-execution.js';
import { SagaHandle, type CancelOptions, type WatchOptions } from './saga-handle.js';
import { checkSagaId, newSagaId } from './saga-id.js';
import { SagaJournal } from './saga-journal.js';
import { settle, type SagaEnd } from './saga-outcome.js';
import { SagaReader } from './saga-reader.js';
import { UncommittedSaga } from './uncommitted-saga.js';

/** How a saga is started. */
export interface StartOptions {
  /** 1 to 255 characters. Starting an id again joins the saga that has it. Default: a new UUIDv7 (RFC 9562). */
  readonly id?: string;
}

/** How a saga is started in the background. */
export interface BackgroundStartOptions extends StartOptions {
  /**
   * A transaction of the application's, as the storage's client hands it out (`TransactionOf<typeof storage>`): the saga exists when it commits, and
   * never did when it rolls back. It is picked up at once after the commit: by any worker where the storage tells, else by this one. Until then
   * nobody finds it by its id; `result()` and `watch()` of the handle wait for the commit. Default: none, the saga is durable at once.
   */
  readonly transaction?: unknown;
}

/** Where a started saga is to be found. */
interface Started {
  readonly id: string;
  /** How it ends, where it runs here; otherwise the log tells. */
  readonly ended: Promise<SagaEnd> | undefined;
}

/**
 * Runs sagas. Inject it where transactions begin:
 *
 * ```ts
 * @Controller('orders')
 * class OrdersController {
 *   constructor(private readonly sagas: SagaRunner) {}
 *
 *   @Post()
 *   place(@Body() order: OrderContext) {
 *     return this.sagas.run(OrderSaga, order, { id: order.orderId });
 *   }
 * }
 * ```
 */
@Injectable()
export class SagaRunner {
  private readonly reader: SagaReader;

  /** @internal Nest makes it; inject it. */
  constructor(private readonly engine: SagaEngine) {
    this.reader = new SagaReader(engine.env, engine.registry, engine.worker, engine.follower);
  }

  /**
   * Runs a saga to its end, and resolves with its final context. An id that exists joins that saga and runs nothing twice.
   *
   * @throws the step's own error after the rollback, so that a `ConflictException` becomes a 409.
   * @throws {SagaInterruptedError} when this process cannot tell the outcome; somebody else finishes the saga.
   * @throws {InvalidSagaContextError} {@link UnserializableValueError} {@link ContextTooLargeError}, before anything is stored.
   * @throws {SagaConflictError} when another definition's saga has this id.
   * @throws {SagaClosedError} {@link InvalidSagaIdError} {@link UnknownSagaError}, before anything is stored.
   */
  run<S extends AnySagaClass>(saga: S, context: ContextOf<S>, options: StartOptions = {}): Promise<ContextOf<S>> {
    return begun(() => this.begin(saga, context, { options, queued: false })).then(this.resultOf<S>);
  }

  private readonly resultOf = <S extends AnySagaClass>({ id, ended }: Started): Promise<ContextOf<S>> =>
    (ended === undefined ? this.reader.result(id) : ended.then(settle)) as Promise<ContextOf<S>>;

  /**
   * Starts a saga in the background. When it resolves the saga is durable: whatever happens to this process, it is finished.
   * It runs here at once if there is room (`concurrency`), else as soon as a worker has room.
   *
   * @throws {InvalidSagaContextError} {@link UnserializableValueError} {@link ContextTooLargeError} {@link SagaConflictError}
   *   {@link SagaClosedError} {@link InvalidSagaIdError} {@link UnknownSagaError}, before anything is stored.
   */
  async start<S extends AnySagaClass>(
    saga: S,
    context: ContextOf<S>,
    options: BackgroundStartOptions = {},
  ): Promise<SagaHandle<InstanceType<S>>> {
    const { transaction, ...others } = options;
    if (transaction !== undefined) return this.startWithin(originalHandle(transaction), saga, context, others);
    const { id } = await this.begin(saga, context, { options: others, queued: this.engine.worker.room === 0 });
    return new SagaHandle(id, this.engine, this.reader);
  }

  private async startWithin<S extends AnySagaClass>(
    transaction: unknown,
    saga: S,
    context: ContextOf<S>,
    options: StartOptions,
  ): Promise<SagaHandle<InstanceType<S>>> {
    const { env, worker, recovery } = this.engine;
    const execution = await this.prepare(saga, context, options);
    const { id } = execution.saga;
    const isOpen = await execution.createWithin(transaction);
    recovery.expect();
    return new SagaHandle(id, this.engine, this.reader, new UncommittedSaga(id, { env, worker, isOpen }));
  }

  /**
   * Runs a saga from the first subscription on, emits each of its events, and then completes or errors as {@link run} does. Later
   * subscribers join; leaving stops nothing.
   */
  stream<S extends AnySagaClass>(saga: S, context: ContextOf<S>, options: StartOptions = {}): Observable<SagaEvent> {
    return defer(() => from(this.begin(saga, context, { options, queued: false }))).pipe(
      mergeMap(({ id, ended }) => {
        const events = new SagaHandle(id, this.engine, this.reader)
          .watch()
          .pipe(takeWhile((event) => !endsStream(event), true));
        const outcome = from(ended === undefined ? this.reader.result(id) : ended.then(settle)).pipe(ignoreElements());
        // What becomes of a saga is said behind its last event; one that is interrupted or parked here has none.
        return merge(concat(events, outcome), outcome.pipe(catchError(unlessInterrupted)));
      }),
      shareReplay(),
    );
  }

  /**
   * Replays a saga's events behind `after` (default: all of them), then follows it live, in whichever process it runs; completes when it is final.
   *
   * @throws {SagaNotFoundError} through the observable.
   */
  watch(id: string, options: WatchOptions = {}): Observable<SagaEvent> {
    return new SagaHandle(id, this.engine, this.reader).watch(options);
  }

  /**
   * The saga of this id: `runner.get<OrderSaga>(id)`.
   *
   * @throws {SagaNotFoundError}
   */
  async get<S = unknown>(id: string): Promise<SagaHandle<S>> {
    await this.reader.load(id);
    return new SagaHandle(id, this.engine, this.reader);
  }

  /**
   * Asks the saga of this id to turn back, as {@link SagaHandle.cancel} does: resolves when it has agreed, not when all is undone. A reason,
   * and who asks, are kept in its history.
   *
   * @throws {SagaNotFoundError}
   * @throws {RequestRefusedError} when it has passed its pivot, goes back already, or is finished.
   */
  async cancel(id: string, options: string | CancelOptions = {}): Promise<void> {
    const saga = await this.get(id);
    await saga.cancel(options);
  }

  /**
   * Sagas by status, name, failing step, error text and time, newest first, page by page.
   *
   * @throws {InvalidQueryError}
   */
  find(query: SagaQuery = {}): Promise<Page<SagaSummary>> {
    return this.engine.env.storage.find(query);
  }

  /**
   * Deletes sagas that finished more than `olderThan` ms ago, with their logs, at most `limit` (default 1,000) in one call; never
   * one that is unfinished or unsettled. Resolves with how many it were.
   */
  prune(query: PruneQuery): Promise<number> {
    return this.engine.env.storage.prune(query);
  }

  /**
   * Takes one saga up at once, parked or not, and returns when it rests, waits, or turns out to be finished or run by a live worker.
   * A saga that failed is an outcome, not an exception.
   *
   * @throws {SagaNotFoundError}
   * @throws {UnknownSagaError} when this application has no such definition.
   * @throws {SagaClosedError} while the application is closing.
   */
  recover(id: string): Promise<SagaOutcome> {
    return this.engine.recovery.recover(id);
  }

  /**
   * Takes up every saga whose worker is gone, and failed compensations before their time. Works with automatic recovery off.
   *
   * @throws {SagaClosedError} while the application is closing.
   */
  recoverAll(): Promise<RecoveryReport> {
    return this.engine.recovery.recoverAll();
  }

  /** Not `async`, nor is what it calls: thousands of sagas wait here at once, and each frame that waits holds half a kilobyte. */
  private begin<S extends AnySagaClass>(
    saga: S,
    given: ContextOf<S>,
    { options, queued }: Creation & { readonly options: StartOptions },
  ): Promise<Started> {
    const execution = this.prepare(saga, given, options);
    return execution instanceof Promise
      ? execution.then((prepared) => this.store(prepared, queued))
      : this.store(execution, queued);
  }

  private store(execution: SagaExecution, queued: boolean): Promise<Started> {
    return execution
      .create({ queued })
      .then((result) => (result === 'exists' ? this.join(execution.saga) : this.stored(execution, queued)));
  }

  private stored(execution: SagaExecution, queued: boolean): Started {
    const { worker, recovery } = this.engine;
    const { id } = execution.saga;
    if (queued) {
      recovery.hurry();
      return { id, ended: undefined };
    }
    worker.run(execution);
    return { id, ended: execution.ended };
  }

  /** A new saga, checked, of which nothing is stored yet. At once, unless a schema takes its time to check the context. */
  private prepare<S extends AnySagaClass>(
    saga: S,
    given: ContextOf<S>,
    { id: wanted }: StartOptions,
  ): SagaExecution | Promise<SagaExecution> {
    const { registry, validation, worker } = this.engine;
    worker.assertOpen();
    const runnable = newSaga(wanted === undefined ? newSagaId() : wanted, registry.get(saga));
    const { contextType } = runnable.registered;
    const context = validation.prepareContext(contextType, given, serializationInfoOf(runnable));
    return context instanceof Promise
      ? context.then((checked) => this.newExecution(runnable, checked))
      : this.newExecution(runnable, context);
  }

  private newExecution(saga: RunnableSaga, context: object): SagaExecution {
    const { env, worker } = this.engine;
    const { lease } = worker;
    // Ids are often a property of the context; what is wrong with that is said first, by its name.
    checkSagaId(saga.id);
    const json = env.serializer.serializeContext(context, serializationInfoOf(saga));
    return new SagaExecution(env, { saga, journal: SagaJournal.create(saga.id, json, lease, env), lease });
  }

  private async join({ id, name }: RunnableSaga): Promise<Started> {
    const { record } = await this.reader.load(id);
    if (record.name !== name) throw new SagaConflictError({ sagaId: id, existing: record.name, requested: name });
    return { id, ended: this.engine.worker.executionOf(id)?.ended };
  }
}

function unlessInterrupted(error: unknown): Observable<never> {
  return error instanceof SagaInterruptedError ? throwError(() => error) : EMPTY;
}

function endsStream({ type }: SagaEvent): boolean {
  return type === 'saga.completed' || type === 'saga.failed' || type === 'saga.compensation-failed';
}
