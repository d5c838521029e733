import { SagaConfigurationError } from '../errors/saga-configuration-error.js';
import type { HintListener, HintTopic, StopListening } from './hint-topic.js';
import type { LogEntry } from './log-entry.js';
import type { OperatorRequest } from './operator-request.js';
import type {
  CreateResult,
  CreateWithinResult,
  NewSaga,
  RequestResult,
  SagaTransition,
  TransitionResult,
} from './saga-changes.js';
import type { ClaimQuery, HistoryOptions, Page, PruneQuery, SagaQuery } from './saga-queries.js';
import type { LoadedSaga, SagaSummary } from './saga-record.js';
import type { HeartbeatResult, WorkerBeat, WorkerInfo } from './worker-beat.js';

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
 * - **Values.** What is stored and what was given have nothing in common once a call has been answered; until then the caller changes nothing
 *   of what it gave, so that a storage may wait with making texts of it until it sends them.
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
   * Takes over up to `limit` sagas whose worker is gone, those first that have been waiting longest, and returns them as they are after it. For each, in one
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
   * error; where `work` has ended the transaction itself there is nothing to roll back, and it rejects with a `TransactionBrokenError` that
   * says `mayStand`, with that error as its cause. Where the transaction loses against others (a serialization failure, a deadlock), wherever that shows, it is rolled back
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
  createWithin(_handle: unknown, _saga: NewSaga): Promise<CreateWithinResult> {
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
