import type { SagaStorage } from 'nest-saga';

/** What {@link describeSagaStorage} needs to know of a storage: how to make one, and how to do to it what time and accidents do. */
export interface StorageHarness {
  /** A new storage, opened and empty, that shares nothing with any other: its own file, schema, key prefix or object. */
  create(): Promise<HarnessedStorage>;
  /** Whether the storage tells of what its peers do: whether `listen()` resolves with something. Default: no. */
  readonly listens?: boolean;
  /** One for each layout of tables that a release has left behind. Absent where a storage has no migrations. */
  readonly earlierVersions?: readonly EarlierVersion[];
}

/** A storage under test. */
export interface HarnessedStorage {
  /** The one that the tests talk to, opened. */
  readonly storage: SagaStorage;
  /**
   * A second storage over the same data, opened, with a connection of its own, as another process would have it. May be
   * the same object where data cannot be shared otherwise. Several may be made, at once too.
   */
  peer(): Promise<SagaStorage>;
  /**
   * Makes `ms` milliseconds pass, for this storage and its peers, without waiting: leases, due times, times of creation
   * and of the last change are that much older afterwards. Move the clock, or move the stored times back; the suite
   * compares no date read before with one read after.
   */
  advance(ms: number): Promise<void>;
  /**
   * Damages the last row of a saga's log in place: `damaged` as a bad disk would, so that it cannot be read at all;
   * `newer` as if a later release had written it, in a format that this one does not know. Version and head stay as
   * they are.
   */
  corrupt(id: string, how: 'damaged' | 'newer'): Promise<void>;
  /**
   * Ends the connections on which this storage and its peers listen, as a server that restarts would. Absent where listening needs no connection.
   */
  cutListeners?(): Promise<void>;
  /** The application's side of transactions. Needed where `capabilities.transactions`, and only there. */
  readonly transactions?: TransactionHarness;
  /** Closes the storage and its peers, and removes what they stored. */
  dispose(): Promise<void>;
}

/** What an application does in transactions that it shares with the storage. */
export interface TransactionHarness {
  /** Begins a transaction as the application would, on a connection of its own. */
  begin(): Promise<OpenTransaction>;
  /** Writes a text into a table of the application's, through the handle of a transaction. */
  note(handle: unknown, text: string): Promise<void>;
  /** The texts that are committed, in any order. */
  notes(): Promise<readonly string[]>;
  /** Runs a statement that fails as one does that loses against other transactions: a serialization failure or a deadlock. */
  collide(handle: unknown): Promise<void>;
  /** Runs a statement that fails for good, and whose failure the application does not let through. */
  failUnseen(handle: unknown): Promise<void>;
  /** Commits behind the storage's back. */
  commitItself(handle: unknown): Promise<void>;
  /** What an application might give by mistake in place of a handle: the client itself, a connection without a transaction. */
  readonly strangers: readonly unknown[];
  /** How many transactions run at once at most; the rest wait. */
  readonly atOnce: number;
}

/** A transaction of the application's. */
export interface OpenTransaction {
  /** What `createWithin` takes. */
  readonly handle: unknown;
  /** Resolves when what was written in it is durable. */
  commit(): Promise<void>;
  /** Resolves when nothing of it is left. */
  rollback(): Promise<void>;
}

/**
 * A database as an earlier release left it. It holds these sagas of the definition `OrderSaga`, plan hash `hash-1`,
 * steps `reserve` and `charge`, that worker `worker-old` ran, whose lease is gone:
 *
 * - `old-running`: `RUNNING`, two rows; entries `created` and `reserve` started, then `reserve` completed with the result
 *   `{ "reservation": "r-1" }` and `charge` started; context `{ "orderId": "o-1", "text": "käse 🧀" }`;
 * - `old-completed`: `COMPLETED`, with any log.
 */
export interface EarlierVersion {
  /** Stands in the test's name: `release 0.1.0`, `migration 3`. */
  readonly name: string;
  /** Puts that database in place and opens the storage of today on it. */
  open(): Promise<HarnessedStorage>;
}
