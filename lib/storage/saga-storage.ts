import { SagaConfigurationError } from '../errors/saga-configuration-error.js';
import type { HintListener, HintTopic, StopListening } from './hint-topic.js';
import type { JsonValue } from './json-value.js';
import type { EntryDraft, HeldReason } from './log-entry.js';
import type { OperatorRequest } from './operator-request.js';
import type { LoadedSaga, PlanShape, SagaStatus, SagaSummary } from './saga-record.js';
import type { LogEntry } from './log-entry.js';
import type { StoredError } from './stored-error.js';

/**
 * Where sagas live: one small port, spoken in names and JSON values, that knows no definition and no rule of sagas.
 * Adapters import the port, never the engine; `describeSagaStorage()` is its conformance suite.
 *
 * What the engine relies on:
 *
 * - **One atomic write per transition.** `create` and `transition` are durable when they resolve. When they reject, the
 *   engine does not know whether they happened, and loads the saga to find out.
 * - **Version is the fence.** The unique key (saga, version) decides who wrote; a late writer finds its place taken.
 *   It is the optimistic lock of Kung and Robinson (1981), and what Kleppmann calls a fencing token (2016).
 * - **The storage's clock** stamps entries, leases and due times; relative times (`dueIn`, `duration`) come in, dates go out.
 * - **Errors.** {@link StorageRejectedError} says that this value will never be stored (nothing was written, nothing else
 *   in its batch is harmed). Any other error is a fault that may pass.
 */
export abstract class SagaStorage<Handle = unknown> {
  /** What this storage can do beyond the port. Shared code asks for capabilities, never for names of databases. */
  readonly capabilities: StorageCapabilities = { transactions: false };

  /** Called once when the application starts, before anything else: migrates, checks rights and versions. */
  abstract open(): Promise<void>;

  /** Called once when the application closes. The client belongs to the application and stays open. */
  abstract close(): Promise<void>;

  /** Stores a new saga with its first entries, unless the id is taken. */
  abstract create(saga: NewSaga): Promise<CreateResult>;

  /** Appends one row to a saga's log and changes its head where `head` says so: both or neither. */
  abstract transition(transition: SagaTransition): Promise<TransitionResult>;

  /** The saga as it can be continued, or `undefined` when there is none of this id. */
  abstract load(id: string): Promise<LoadedSaga | undefined>;

  /** The entries behind `after` (default: all), in order. Empty for an unknown saga. */
  abstract history(id: string, options?: HistoryOptions): Promise<readonly LogEntry[]>;

  /**
   * Takes over up to `limit` sagas whose worker is gone, oldest due first, and returns them as they are after it. For each, in one
   * transaction: lock the head, check it again on the storage's clock, append `claimed` at the next version, set the
   * worker and clear `heldReason` and `dueAt`. Of many claims at once exactly one gets a saga. See {@link ClaimQuery}.
   */
  abstract claim(query: ClaimQuery): Promise<readonly LoadedSaga[]>;

  /** Registers a worker (`beat` 0) or renews its lease (`beat` 1, 2 …). An expired or released lease is never renewed. */
  abstract heartbeat(beat: WorkerBeat): Promise<HeartbeatResult>;

  /** Gives a worker's lease up: its sagas can be claimed at once. Unknown workers are ignored. */
  abstract release(worker: string): Promise<void>;

  /** The workers whose lease is still valid. */
  abstract workers(): Promise<readonly WorkerInfo[]>;

  /** Stores an operator's request, unless the saga is unknown or final. The same request id again changes nothing. */
  abstract request(request: OperatorRequest): Promise<RequestResult>;

  /**
   * Sagas by what their heads say, newest first (`createdAt`, then `id`, both descending). Rejects with
   * `InvalidQueryError` what `checkQuery` refuses.
   */
  abstract find(query: SagaQuery): Promise<Page<SagaSummary>>;

  /** Deletes finished sagas with their logs; never one that is unfinished or unsettled. Returns how many. */
  abstract prune(query: PruneQuery): Promise<number>;

  /**
   * Runs `work` in one transaction of the database: what it writes through `handle`, and the transition that it appends as its last
   * statement, are durable when this resolves. When `work` rejects, everything is rolled back, and this rejects with the same
   * error. Where the transaction loses against others (a serialization failure, a deadlock), wherever that shows, it is rolled back
   * and `work` runs again in a new one; a few times, and then that is the error. When anything fails behind `work`, the engine does not
   * know whether it was committed, unless it is a `StorageRejectedError`: then it was not, and another try would not help.
   *
   * Transactions that would starve the storage's own writes and heartbeats, because they use up its connections, wait for their turn.
   *
   * Only where {@link StorageCapabilities.transactions} says so; elsewhere it rejects, and nothing in the engine calls it.
   */
  transaction<T>(
    _work: (transaction: StorageTransaction<Handle>) => Promise<T>,
    _options?: TransactionOptions,
  ): Promise<T> {
    return Promise.reject(this.noTransactions());
  }

  /**
   * As {@link create}, in a transaction that the application has begun: `handle` is what {@link StorageTransaction.handle} would
   * be. The saga exists when the caller commits, and never did when the caller rolls back; after a rejection the caller's
   * transaction is as it was before. The saga is always `PENDING` and has no worker.
   *
   * Only where {@link StorageCapabilities.transactions} says so.
   *
   * @throws SagaConfigurationError where it does not.
   * @throws StorageRejectedError when `handle` is no transaction of this storage's client.
   */
  createWithin(_handle: unknown, _saga: NewSaga): Promise<CreateResult> {
    return Promise.reject(this.noTransactions());
  }

  private noTransactions(): SagaConfigurationError {
    return new SagaConfigurationError([
      `${this.constructor.name} has no transactions to share: transactional steps, and sagas that are started in a transaction, need a storage that has.`,
    ]);
  }

  /**
   * Tells of what other processes do to sagas, until the returned function is called. A hint and nothing more: it may come late, twice,
   * or never, name sagas to which nothing happened, or tell of this process's own writes; whoever hears it reads the log, whose
   * `seq` is the truth. A connection that is lost comes back by itself, and the listener is then told that it may be any saga.
   * Resolves with `undefined` where there is no way to tell; then logs are read every now and then.
   */
  listen(_topic: HintTopic, _onHint: HintListener): Promise<StopListening | undefined> {
    return Promise.resolve(undefined);
  }
}

/** What a transactional step of a storage gets as `execution.transaction`, and what `start(…, { transaction })` takes. */
export type TransactionOf<Storage extends SagaStorage> = Storage extends SagaStorage<infer Handle> ? Handle : never;

/** A transaction that a transactional step shares with the storage. */
export interface StorageTransaction<Handle = unknown> {
  /** What the application writes with: the client that its pool lent, an `EntityManager`, a Kysely transaction … */
  readonly handle: Handle;
  /**
   * As {@link SagaStorage.transition}, inside this transaction. Nothing is written behind it, so that its locks are short.
   *
   * @throws TransactionBrokenError when what came before has made it impossible to commit.
   */
  transition(transition: SagaTransition): Promise<TransitionResult>;
}

/** How a {@link SagaStorage.transaction} is run. */
export interface TransactionOptions {
  /** Milliseconds after which its owner gives it up, where there is such a limit; so that a process that has stopped keeps no locks for ever. */
  readonly timeout?: number;
}

/** What a storage can do beyond the port. */
export interface StorageCapabilities {
  /**
   * Steps may write through the storage's own transaction (`@SagaStep({ transactional: true })`), and sagas may be created in
   * one of the application's.
   */
  readonly transactions: boolean;
  /** Why transactional steps cannot run all the same, and what to do: said at bootstrap where there are any. */
  readonly transactionsRefused?: string;
}

/** What `create` stores: the head of a new saga and the first row of its log. */
export interface NewSaga {
  /** 1 to 255 characters; unique within the storage, compared code unit by code unit. */
  readonly id: string;
  /** The saga definition's name. */
  readonly name: string;
  readonly definitionVersion: number;
  readonly plan: PlanShape;
  readonly planHash: string;
  /** `RUNNING` with a worker; `PENDING` without one, until some worker claims it. An empty plan starts `COMPLETED`. */
  readonly status: SagaStatus;
  readonly worker?: string;
  readonly context: JsonValue;
  /** The first row, version 1; its first entry has `seq` 1. */
  readonly entries: readonly EntryDraft[];
  readonly writeId: string;
}

/** `exists` also when this very write landed before and only its answer was lost: `writeId` of the loaded saga tells. */
export type CreateResult =
  { readonly outcome: 'created'; readonly at: Date } | { readonly outcome: 'exists'; readonly name: string };

/** What `transition` writes: one more row of a saga's log, and what changes in its head. */
export interface SagaTransition {
  readonly id: string;
  /** The version that this write makes: the one it read, plus 1. */
  readonly version: number;
  /** The `seq` of the first of `entries`. */
  readonly seq: number;
  readonly entries: readonly EntryDraft[];
  /** The context, where it changed. Always given together with `snapshot`. */
  readonly context?: JsonValue;
  /** The folded state after this row, so that later loads start here. Given every now and then on a long log. */
  readonly snapshot?: JsonValue;
  readonly head?: HeadChange;
  readonly worker: string;
  readonly writeId: string;
  /**
   * The operators' requests that the writer has read. If the saga has others, nothing is written and they come back:
   * the owner must have read every request before it writes. Those named by an entry's `request` are answered by this
   * write, and deleted with it.
   */
  readonly knownRequests: readonly string[];
}

/** `conflict`: the version is taken, it would leave a gap, or the saga is gone. Nothing was written. */
export type TransitionResult =
  | { readonly outcome: 'written'; readonly at: Date }
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'requested'; readonly requests: readonly OperatorRequest[] };

/** What changes in the head; `null` clears. */
export interface HeadChange {
  readonly status?: SagaStatus;
  readonly worker?: null;
  /** Milliseconds from now, by the storage's clock. */
  readonly dueIn?: number | null;
  readonly heldReason?: HeldReason | null;
  readonly error?: StoredError | null;
  readonly failedStep?: string | null;
}

/** Which part of a saga's log is read. */
export interface HistoryOptions {
  /** Only entries with a greater `seq`. Default: 0, all of them. */
  readonly after?: number;
}

/**
 * Which sagas a worker may take. A saga qualifies when it is not final, its name is known (`definitions`), and
 *
 * 1. it has an operator's request and no live worker, parked or not; or
 * 2. `ids` names it and it has no live worker, parked or not, due or not; or
 * 3. it is not parked, its worker is gone or it has none, and it is due: no `dueAt`, or `dueAt` is past. `ignoreDue`
 *    takes it before; or
 * 4. it is parked as `definition-changed`, has no live worker, and name and plan hash are both among `definitions`.
 *
 * A live worker is one whose lease has not expired and who is not among `goneWorkers`. With `ids`, only those are taken.
 */
export interface ClaimQuery {
  readonly worker: string;
  readonly limit: number;
  readonly definitions: readonly DefinitionKey[];
  /** Workers that are certainly gone although their lease is still valid. */
  readonly goneWorkers?: readonly string[];
  readonly ids?: readonly string[];
  readonly ignoreDue?: boolean;
}

/** A saga definition as claims know it: its name, and the hash of the plan that the code has of it. */
export interface DefinitionKey {
  readonly name: string;
  readonly planHash: string;
}

/** What a worker says to the storage when it registers and whenever it renews its lease. */
export interface WorkerBeat {
  /** The id of the lease. A worker that lost one goes on under a new id. */
  readonly worker: string;
  /** 0 registers; 1, 2, 3 … renew. */
  readonly beat: number;
  /** Milliseconds from now until the lease expires, by the storage's clock. */
  readonly duration: number;
  /** Tells, on the same host, whether the worker's process still exists. Opaque to the storage; given with beat 0. */
  readonly process?: string;
}

/** `alive`: the lease is valid for another `duration`. `expired`: it is gone for good, and its sagas may be others' by now. */
export type HeartbeatResult =
  | {
      readonly outcome: 'alive';
      /** Sagas of this worker that have an unanswered operator's request. */
      readonly requested: readonly string[];
    }
  | { readonly outcome: 'expired' };

/** A worker whose lease is valid. */
export interface WorkerInfo {
  readonly id: string;
  readonly process?: string;
  readonly expiresAt: Date;
}

/** What became of an operator's request: `final` and `unknown-saga` stored nothing. */
export type RequestResult = 'stored' | 'final' | 'unknown-saga';

/** What `find` looks for; a saga has to match all that is given. Default of each: no restriction. */
export interface SagaQuery {
  /** One status or several; an empty list is refused. */
  readonly status?: SagaStatus | readonly SagaStatus[];
  /** The saga definition's name. */
  readonly name?: string;
  /** The step whose failure turned the saga back. */
  readonly step?: string;
  /** Text that the error's message contains, compared without regard to case for ASCII letters. */
  readonly error?: string;
  /** Only parked sagas, or only those parked with this code. */
  readonly held?: true | HeldReason['code'];
  /** Created later than this, not at it; by the storage's clock. */
  readonly createdAfter?: Date;
  /** Created earlier than this, not at it; by the storage's clock. */
  readonly createdBefore?: Date;
  /** At most this many; default 50, at most 1000. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}

/** Some of the results of a query, and how to get at the rest. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Give it as `after` to get the next page; absent on the last one. */
  readonly next?: string;
}

/** Which finished sagas `prune` deletes. */
export interface PruneQuery {
  /** Which final statuses; default both. */
  readonly status?: 'COMPLETED' | 'FAILED' | readonly ('COMPLETED' | 'FAILED')[];
  /** Finished more than this many milliseconds ago, by the storage's clock. */
  readonly olderThan: number;
  /** At most this many in one call; default 1000. */
  readonly limit?: number;
}
