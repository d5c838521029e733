import { StorageRejectedError } from '../errors/storage-rejected-error.js';
import { TransactionBrokenError } from '../errors/transaction-broken-error.js';
import type { SagaStorage } from '../storage/saga-storage.js';
import type { SagaJournal } from './saga-journal.js';
import { SharedTransaction, TransactionLostError, type AttemptTransaction } from './shared-transaction.js';
import { NOTHING, type Happened, type StepEffect, type StepWork } from './step-work.js';

/** How often a step is done again whose transaction was lost, which is no outcome of the step, before it counts as failed. */
const LOSSES = 5;

/** Whose step it is. */
export interface TransactionalStepOwner<Next> {
  readonly storage: SagaStorage;
  readonly journal: SagaJournal;
  readonly work: StepWork;
  /** @throws when this worker may not go on. */
  readonly throwIfInterrupted: () => void;
  /** Decides what is next, and writes it in the transaction together with what happened. */
  readonly record: (happened: Happened, transaction: AttemptTransaction) => Promise<Next>;
}

/** Rolls a transaction back whose step is not done; the storage looks at the cause, for one that only lost against others. */
class NotDone extends Error {
  constructor(readonly happened: Happened) {
    super('not done', { cause: happened.failure?.error });
  }
}

/**
 * What the step writes and the row that says that it is done are one commit. A crash before it: the step did not happen. A step that is not
 * done is rolled back, and what became of it is to be written as of any other.
 *
 * @returns what is next, where that is written; else what happened.
 */
export async function doTransactionally<Next>(
  effect: StepEffect,
  owner: TransactionalStepOwner<Next>,
): Promise<Next | Happened> {
  const { storage, journal, work, throwIfInterrupted } = owner;
  const timeout = work.longest(effect);
  const options = timeout === undefined ? {} : { timeout };
  for (let losses = 1; ; losses++) {
    try {
      const attempt = (transaction: AttemptTransaction) => attemptWithin(transaction, effect, owner);
      const committed = await new SharedTransaction(storage, journal, attempt).commit(options);
      return committed === 'reread' ? NOTHING : committed.value;
    } catch (error) {
      if (error instanceof NotDone) return error.happened;
      if (error instanceof StorageRejectedError) return work.rejected(effect, error, 'failed');
      const isLost = error instanceof TransactionLostError;
      if (!isLost && !(error instanceof TransactionBrokenError)) throw error;
      throwIfInterrupted();
      if (!isLost || losses >= LOSSES) return work.broken(effect, error);
    }
  }
}

async function attemptWithin<Next>(
  transaction: AttemptTransaction,
  effect: StepEffect,
  { work, throwIfInterrupted, record }: TransactionalStepOwner<Next>,
): Promise<Next> {
  // It may have waited for a connection.
  throwIfInterrupted();
  const happened = await work.do(effect, transaction.handle);
  if (happened.failure !== undefined) throw new NotDone(happened);
  return record(happened, transaction);
}
