import { StorageRejectedError } from '../errors/storage-rejected-error.js';
import { TransactionBrokenError } from '../errors/transaction-broken-error.js';
import type { SagaTransition } from '../storage/saga-changes.js';
import type { SagaStorage, StorageTransaction, TransactionOptions } from '../storage/saga-storage.js';
import type { JournalWrite, SagaJournal } from './saga-journal.js';

/** What an attempt gets of the transaction that it shares with what is written of it. */
export interface AttemptTransaction {
  /** What the step writes with. */
  readonly handle: unknown;
  /** As {@link SagaJournal.append}, but it counts only once the transaction is committed. */
  append(write: JournalWrite): Promise<'written' | 'requested'>;
}

/** A transaction was rolled back, or was lost before anybody knew: the attempt has no outcome, and may be made again. */
export class TransactionLostError extends Error {}

/** A row that stands in an open transaction. */
interface StagedRow {
  readonly row: SagaTransition;
  readonly at: Date;
}

/** A row is in the way of the one that a transaction was to append. */
class PlaceTaken extends Error {}

/**
 * An attempt and the writing of its outcome in one transaction: committed when `work` resolves, rolled back when it rejects. `work` may run
 * several times; only the last one stands.
 *
 * A commit whose answer is lost is looked for in the log; where it is not found, whatever is written next decides: a commit that lands later
 * finds its place taken, or the other way round.
 */
export class SharedTransaction<T> {
  #begun = false;
  #row: StagedRow | undefined;
  #done: { readonly value: T } | undefined;
  #thrown: unknown;

  constructor(
    private readonly storage: SagaStorage,
    private readonly journal: SagaJournal,
    private readonly work: (transaction: AttemptTransaction) => Promise<T>,
  ) {}

  /**
   * @returns `reread` when an earlier write of this worker has landed late: everything is to be decided again.
   * @throws what `work` rejects with, once it is rolled back.
   * @throws {TransactionBrokenError} when `work` has made it impossible to commit, or to roll back.
   * @throws {TransactionLostError} when the transaction is lost, not the attempt.
   * @throws {StaleSagaError} {@link SagaInterruptedError} {@link StorageRejectedError} as {@link SagaJournal.append}.
   */
  async commit(options: TransactionOptions): Promise<{ readonly value: T } | 'reread'> {
    const { storage, journal } = this;
    try {
      // Before it has begun, nothing has happened, and the storage may be away for a while.
      const committed = await journal.insist(
        () => storage.transaction((transaction) => this.attempt(transaction), options),
        () => this.#begun,
      );
      if (this.#row !== undefined) journal.adopt(this.#row.row, this.#row.at);
      return committed;
    } catch (error) {
      if (error instanceof PlaceTaken) return this.readAgain();
      const isTold = error instanceof StorageRejectedError || error instanceof TransactionBrokenError;
      if (error === this.#thrown || isTold) throw error;
      // Nothing was committed: the connection was lost in the middle, or there was none for another try.
      if (this.#done === undefined)
        throw new TransactionLostError('The transaction of a step was lost.', { cause: error });
      return this.lookForCommit(this.#done, error);
    }
  }

  private async attempt(transaction: StorageTransaction): Promise<{ readonly value: T }> {
    this.#begun = true;
    this.#row = this.#done = this.#thrown = undefined;
    try {
      const value = await this.work({
        handle: transaction.handle ?? {},
        append: (write) => this.append(transaction, write),
      });
      return (this.#done = { value });
    } catch (error) {
      this.#thrown = error;
      throw error;
    }
  }

  private async append(transaction: StorageTransaction, write: JournalWrite): Promise<'written' | 'requested'> {
    const row = this.journal.prepare(write);
    const result = await transaction.transition(row).catch((error: unknown) => {
      if (error instanceof StorageRejectedError || error instanceof TransactionBrokenError) throw error;
      throw new TransactionLostError('The row of a step could not be written.', { cause: error });
    });
    switch (result.outcome) {
      case 'requested':
        return this.journal.hear(result.requests);
      case 'written':
        this.#row = { row, at: result.at };
        return 'written';
      case 'conflict':
        throw new PlaceTaken();
    }
  }

  private async lookForCommit(done: { readonly value: T }, error: unknown): Promise<{ readonly value: T } | 'reread'> {
    const row = this.#row?.row;
    const loaded = await this.journal.insist(() => this.storage.load(this.journal.sagaId));
    if (row === undefined || loaded?.record.version === row.version - 1) {
      throw new TransactionLostError('The commit of a step was lost.', { cause: error });
    }
    return (await this.journal.reread(row)) === 'written' ? done : 'reread';
  }

  private async readAgain(): Promise<'reread'> {
    await this.journal.reread();
    return 'reread';
  }
}
