import { sameJson } from '../context/same-json.js';
import { SagaConflictError } from '../errors/saga-conflict-error.js';
import { SagaInterruptedError } from '../errors/saga-interrupted-error.js';
import { StaleSagaError } from '../errors/stale-saga-error.js';
import { StorageRejectedError } from '../errors/storage-rejected-error.js';
import { answeredRequests } from '../storage/answered-requests.js';
import type { JsonValue } from '../storage/json-value.js';
import type { EntryDraft, LogEntry } from '../storage/log-entry.js';
import type { OperatorRequest } from '../storage/operator-request.js';
import type { LoadedSaga } from '../storage/saga-record.js';
import type { CreateResult, HeadChange, NewSaga, SagaTransition, TransitionResult } from '../storage/saga-changes.js';
import { begun } from './begun.js';
import { Pause } from './pause.js';
import type { Birth } from './saga-birth.js';
import type { SagaEnvironment } from './saga-environment.js';
import { applyEntries, changeOwn, foldLog } from './rules/fold.js';
import {
  NEW_SAGA,
  ownStateOf,
  snapshotOf,
  stateFromSnapshot,
  type OwnState,
  type SagaState,
} from './rules/saga-state.js';
import type { WorkerLease } from './worker-lease.js';

/** A load folds at most this many rows. */
const ROWS_PER_SNAPSHOT = 64;
const FIRST_RETRY = 20;
const LAST_RETRY = 1_000;

const NONE: readonly string[] = [];

/** What one write says. */
export interface JournalWrite {
  readonly entries: readonly EntryDraft[];
  /** The context, where it may have changed. */
  readonly context?: JsonValue;
  readonly head?: HeadChange;
}

interface FirstFailure {
  readonly failedBy: unknown;
  /** Whether there is to be no other try. */
  readonly isFinal?: (() => boolean) | undefined;
}

/**
 * `requested`: nothing is written, because there are requests that were not known. `reread`: an earlier write of this worker, given
 * up for lost, has landed late; the journal has read the saga again. In both cases the writer has to decide again.
 */
export type AppendResult = 'written' | 'requested' | 'reread';

/**
 * One saga's log, as its worker writes it: the only place in the engine that writes sagas. Every write is one row at the next
 * version, so a stale worker finds its place taken; every write has its own id, so that a row whose answer was lost is
 * recognised. On any conflict the saga is read again: it is somebody else's only if its head says so.
 */
export class SagaJournal {
  #state: OwnState = ownStateOf(NEW_SAGA);
  context: JsonValue;
  requests: readonly OperatorRequest[] = [];
  #version = 0;
  #rowsSinceSnapshot = 0;

  private constructor(
    readonly sagaId: string,
    context: JsonValue,
    private readonly lease: WorkerLease,
    private readonly env: SagaEnvironment,
  ) {
    this.context = context;
  }

  /** As the log tells it; the next row changes it. */
  get state(): SagaState {
    return this.#state;
  }

  /** For a saga that is not stored yet. */
  static create(id: string, context: JsonValue, lease: WorkerLease, env: SagaEnvironment): SagaJournal {
    return new SagaJournal(id, context, lease, env);
  }

  /** For a saga that this worker has just claimed. */
  static resume(loaded: LoadedSaga, lease: WorkerLease, env: SagaEnvironment): SagaJournal {
    const journal = new SagaJournal(loaded.record.id, loaded.record.context, lease, env);
    journal.restore(loaded);
    return journal;
  }

  /** Stores the saga with its first entries. */
  begin(birth: Birth, entries: readonly EntryDraft[]): Promise<'written' | 'exists'> {
    const saga = this.newSaga(birth, entries);
    return begun(() => this.env.storage.create(saga)).then(
      (result) => this.created(saga, result),
      (error: unknown) => this.createAgain(saga, error),
    );
  }

  private async createAgain(saga: NewSaga, failedBy: unknown): Promise<'written' | 'exists'> {
    return this.created(saga, await this.insistAfter(() => this.env.storage.create(saga), { failedBy }));
  }

  private created(saga: NewSaga, result: CreateResult): Promise<'written' | 'exists'> | 'written' {
    return result.outcome === 'created' ? this.written(saga.entries, result.at) : this.found(saga);
  }

  /** A saga with this id exists. Our own row, whose answer was lost, is the saga just as it was written. */
  private async found({ writeId, entries }: NewSaga): Promise<'written' | 'exists'> {
    const existing = await this.insist(() => this.env.storage.load(this.sagaId));
    return existing?.writeId === writeId ? this.written(entries, existing.record.createdAt) : 'exists';
  }

  /**
   * The same in a transaction of the application's; the saga is found by others once that is committed. Nothing is tried again: that it failed
   * is the caller's to hear, who rolls back.
   *
   * @returns whether the transaction is still open, for whoever waits for its end.
   * @throws {SagaConflictError} when another definition's saga has this id.
   */
  async beginWithin(handle: unknown, birth: Birth, entries: readonly EntryDraft[]): Promise<() => Promise<boolean>> {
    const result = await this.env.storage.createWithin(handle, this.newSaga(birth, entries));
    if (result.outcome === 'exists' && result.name !== birth.name) {
      throw new SagaConflictError({ sagaId: this.sagaId, existing: result.name, requested: birth.name });
    }
    return () => result.isOpen();
  }

  /**
   * Appends one row.
   *
   * @throws {StaleSagaError} when another worker has the saga now: nothing was written.
   * @throws {SagaInterruptedError} when the storage did not answer for as long as this worker may act.
   * @throws {StorageRejectedError} when the storage will never take these values.
   */
  append(write: JournalWrite): Promise<AppendResult> {
    const row = this.prepare(write);
    return this.send(row).then(
      (result) => this.answered(row, result),
      (error: unknown) => this.sendAgain(row, error),
    );
  }

  /** Sends a prepared row once. What it resolves with is for {@link answered}, what it rejects with for {@link sendAgain}. */
  send(row: SagaTransition): Promise<TransitionResult> {
    return begun(() => this.env.storage.transition(row));
  }

  /** Behind a row's first failure; throws as {@link append}. */
  async sendAgain(row: SagaTransition, failedBy: unknown): Promise<AppendResult> {
    return this.answered(row, await this.insistAfter(() => this.env.storage.transition(row), { failedBy }));
  }

  /** What became of a row; throws as {@link append}. */
  answered(row: SagaTransition, result: TransitionResult): AppendResult | Promise<AppendResult> {
    switch (result.outcome) {
      case 'requested':
        return this.hear(result.requests);
      case 'written':
        return this.adopt(row, result.at);
      case 'conflict':
        return this.reread(row);
    }
  }

  /** The next row of this log, for whoever sends it. */
  prepare({ entries, context, head }: JournalWrite): SagaTransition {
    const changed = context === undefined || sameJson(context, this.context) ? undefined : context;
    const snapshot = this.snapshot(entries);
    return {
      id: this.sagaId,
      version: this.#version + 1,
      seq: this.state.seq + 1,
      entries,
      worker: this.lease.id,
      writeId: this.lease.nextWriteId(),
      knownRequests: this.requests.length === 0 ? NONE : this.requests.map(({ id }) => id),
      context: changed ?? (snapshot === undefined ? undefined : this.context),
      snapshot,
      head,
    };
  }

  /** A prepared row is durable since `at`: the log ends with it. */
  adopt({ context, entries }: SagaTransition, at: Date): 'written' {
    if (context !== undefined) this.context = context;
    return this.written(entries, at);
  }

  /** Nothing is written, because of these. */
  hear(requests: readonly OperatorRequest[]): 'requested' {
    this.requests = [...this.requests, ...requests];
    return 'requested';
  }

  /**
   * Something stands where this worker was to write.
   *
   * @throws {StaleSagaError} when another worker has the saga now.
   */
  async reread(mine?: SagaTransition): Promise<'written' | 'reread'> {
    const loaded = await this.insist(() => this.env.storage.load(this.sagaId));
    // Our own row, whose answer was lost. It is looked for first: a saga that it ended has no worker any more.
    if (mine !== undefined && loaded?.writeId === mine.writeId) {
      return this.adopt(mine, loaded.entries.at(-1)?.at ?? loaded.now);
    }
    if (loaded?.record.worker !== this.lease.id) {
      throw new StaleSagaError({ sagaId: this.sagaId, version: this.#version + 1 });
    }
    this.restore(loaded);
    return 'reread';
  }

  /** Reads the operators' requests, after somebody told that there are some. */
  async refreshRequests(): Promise<void> {
    const loaded = await this.insist(() => this.env.storage.load(this.sagaId));
    if (loaded !== undefined) this.requests = loaded.requests;
  }

  private restore({ record, snapshot, entries, requests, now }: LoadedSaga): void {
    this.env.clock.observe(now);
    this.context = record.context;
    this.#state = foldLog(entries, snapshot === undefined ? NEW_SAGA : stateFromSnapshot(snapshot));
    this.requests = requests;
    this.#version = record.version;
    this.#rowsSinceSnapshot = entries.length;
  }

  private written(entries: readonly EntryDraft[], at: Date): 'written' {
    this.#version++;
    this.#rowsSinceSnapshot++;
    this.env.clock.observe(at);
    const first = this.state.seq + 1;
    changeOwn(this.#state, entries, at.getTime());
    if (this.requests.length > 0) {
      const answered = answeredRequests(entries);
      this.requests = this.requests.filter(({ id }) => !answered.includes(id));
    }
    if (this.env.observers.hears(this.sagaId)) {
      const logged = entries.map((entry, i): LogEntry => ({ ...entry, seq: first + i, at, worker: this.lease.id }));
      this.env.observers.publish(this.sagaId, logged);
    }
    return 'written';
  }

  private newSaga(birth: Birth, entries: readonly EntryDraft[]): NewSaga {
    return {
      id: this.sagaId,
      name: birth.name,
      definitionVersion: birth.definitionVersion,
      plan: birth.plan,
      planHash: birth.planHash,
      status: birth.status,
      worker: birth.status === 'RUNNING' ? this.lease.id : undefined,
      context: this.context,
      entries,
      writeId: this.lease.nextWriteId(),
    };
  }

  /** Every so often a row carries the folded state, so that loading a long log stays cheap. */
  private snapshot(entries: readonly EntryDraft[]): JsonValue | undefined {
    if (this.#rowsSinceSnapshot < ROWS_PER_SNAPSHOT) return undefined;
    this.#rowsSinceSnapshot = 0;
    // Its times are this process's reading of the storage's clock: a few milliseconds beside the row's own, which no rule notices.
    return snapshotOf(applyEntries(this.state, entries, this.env.clock.now()));
  }

  /** Tries while the storage does not answer, for as long as the lease lasts: then somebody else may have the saga. */
  insist<T>(work: () => Promise<T>, isFinal?: () => boolean): Promise<T> {
    return begun(work).catch((failedBy: unknown) => this.insistAfter(work, { failedBy, isFinal }));
  }

  private insistAfter<T>(work: () => Promise<T>, first: FirstFailure): Promise<T> {
    return this.tryAgain(work, first).finally(() => this.env.outage.gaveUp(work));
  }

  /** The first try has failed. */
  private async tryAgain<T>(work: () => Promise<T>, { failedBy, isFinal }: FirstFailure): Promise<T> {
    let error = failedBy;
    for (let delay = FIRST_RETRY; ; delay = Math.min(delay * 2, LAST_RETRY)) {
      if (error instanceof StorageRejectedError || isFinal?.()) throw error;
      this.env.outage.met(error, work);
      await new Pause(delay * (0.5 + Math.random() / 2)).over;
      // Not before the pause: what is sent behind the lease's end may still be written, when everybody has been told that this worker is out.
      if (!this.lease.isTrusted()) throw new SagaInterruptedError(this.sagaId, 'storage', { cause: error });
      try {
        const result = await work();
        this.env.outage.answered(work);
        return result;
      } catch (again) {
        error = again;
      }
    }
  }
}
