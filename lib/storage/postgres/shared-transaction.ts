import { TransactionBrokenError } from '../../errors/transaction-broken-error.js';
import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import { answerWithin } from '../answer-within.js';
import { PlanTexts } from '../rows/plan-texts.js';
import type { CreateResult, CreateWithinResult, NewSaga, SagaTransition, TransitionResult } from '../saga-changes.js';
import type { Sql } from '../sql/saga-tables.js';
import { isUnanswered } from '../sql/answer-timeout.js';
import { BUSY_AFTER } from '../sql/shared-work.js';
import { checkedWrite } from './checked-write.js';
import { isTransactionFailed, isTransactionMissing, toSagaError } from './driver-error.js';
import type { PostgresConnection, PostgresSession } from './postgres-connection.js';
import { OVERTAKEN, explainRefusals } from './refused-writes.js';
import { isCreation, type SagaWrite } from './saga-write.js';
import { WriteHints } from './write-hints.js';
import { writeTo } from './write-batch.js';

/** By this setting a transaction is recognised as the one that was handed out: it ends with it. */
export const MARK = 'nest_saga.transaction';

/** How long the last statements wait for locks, and the server for the COMMIT behind them: nobody thinks any more. */
const LOCK_TIMEOUT = '5s';
const IDLE_TIMEOUT = '10s';

/**
 * Locks the head before the row is written, in a statement of its own. So whatever isolation the application has chosen, a request or a claim
 * that the transaction cannot see makes it fail with a serialization failure; and from here to the commit nobody stores another one.
 */
const LOCK_HEAD: Sql = ({ heads }) => `
  WITH settings AS MATERIALIZED (
    SELECT current_setting('${MARK}', true) AS mark,
      set_config('lock_timeout', $2, true), set_config('idle_in_transaction_session_timeout', $3, true)
  )
  SELECT settings.mark FROM settings
  LEFT JOIN LATERAL (SELECT id FROM ${heads} WHERE id = $1 FOR UPDATE) head ON true`;

/** Appends a row inside a transaction in which the application has written. */
export async function appendWithin(
  session: PostgresSession,
  connection: PostgresConnection,
  { transition, mark }: { readonly transition: SagaTransition; readonly mark: string },
): Promise<TransitionResult> {
  const write = checkedWrite(transition);
  try {
    const rows = await session.all<{ mark: string | null }>(LOCK_HEAD, write.id, LOCK_TIMEOUT, IDLE_TIMEOUT);
    if (rows[0]?.mark !== mark) throw endedByHandler({ sagaId: transition.id });
    return await writeOne<TransitionResult>(session, connection, write);
  } catch (error) {
    if (isTransactionFailed(error)) throw failedUnseen(transition.id, error);
    throw error;
  }
}

const SELECT_MARK: Sql = () => `SELECT current_setting('${MARK}', true) AS mark`;

/**
 * Why work was rejected, whose transaction is about to be rolled back: there is nothing to roll back where it has ended the transaction
 * itself, and then what it has written may stand.
 */
export async function rejectionOf(
  error: unknown,
  { session, mark }: { readonly session: PostgresSession; readonly mark: string },
): Promise<unknown> {
  if (error instanceof TransactionBrokenError || isUnanswered(error)) return error;
  // The server refuses to answer where a statement has failed before: all of that is rolled back.
  const isOurs = session.all<{ mark: string | null }>(SELECT_MARK).then(
    ([row]) => row?.mark === mark,
    () => true,
  );
  return (await answerWithin(BUSY_AFTER, isOurs, () => true)) ? error : endedByHandler({ cause: error });
}

const SAVEPOINT = 'SAVEPOINT nest_saga';
const ROLL_BACK = 'ROLLBACK TO SAVEPOINT nest_saga';
const RELEASE = 'RELEASE SAVEPOINT nest_saga';

/** A saga to be created in a transaction of the application's. */
export interface NewSagaWithin {
  readonly saga: NewSaga;
  readonly handleName: string;
  /** Whether replicas are told of it. */
  readonly notifies: boolean;
}

/** Creates a saga inside a transaction of the application's, which stays usable whatever happens. */
export async function createWithin(
  session: PostgresSession,
  connection: PostgresConnection,
  { saga, handleName, notifies }: NewSagaWithin,
): Promise<CreateWithinResult> {
  const write = checkedWrite(saga);
  try {
    await session.allOnce(SAVEPOINT);
  } catch (error) {
    if (isTransactionMissing(error)) throw noTransaction(saga.id, handleName, error);
    if (isTransactionFailed(error)) throw alreadyFailed(saga.id, error);
    throw toSagaError(error);
  }
  try {
    const result = await writeOne<CreateResult>(session, connection, write);
    // The server tells it with the commit, and of a rollback nothing.
    if (notifies) await new WriteHints(session).send('wanted', [saga.id]);
    const [transaction] = await session.all<{ id: string }>(SELECT_TRANSACTION);
    await session.allOnce(RELEASE);
    return { ...result, isOpen: () => isOpen(connection, transaction?.id ?? '0') };
  } catch (error) {
    // Where this fails as well, the connection is gone, and the first error says more.
    await session.allOnce(ROLL_BACK).catch(() => undefined);
    throw toSagaError(error);
  }
}

/** The server knows each transaction by a number, and what became of it. */
const SELECT_TRANSACTION: Sql = () => 'SELECT pg_current_xact_id()::text AS id';
const SELECT_STATUS: Sql = () => 'SELECT pg_xact_status($1::text::xid8) AS status';

async function isOpen(connection: PostgresConnection, transaction: string): Promise<boolean> {
  const [row] = await connection.all<{ status: string | null }>(SELECT_STATUS, transaction);
  return row?.status === 'in progress';
}

/** How often a write is made again that was overtaken by what does not stand in its way. */
const ATTEMPTS = 10;

async function writeOne<Result>(
  session: PostgresSession,
  connection: PostgresConnection,
  write: SagaWrite,
): Promise<Result> {
  const { id: sagaId } = write;
  const target = { tables: connection.tables, plans: new PlanTexts() };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const writtenAt = await writeTo(session, target, [write]);
    const at = writtenAt(sagaId);
    if (at !== undefined) return { outcome: isCreation(write) ? 'created' : 'written', at } as Result;
    const refusal = (await explainRefusals(session, [write])).get(sagaId) ?? OVERTAKEN;
    if (refusal !== OVERTAKEN) return refusal as Result;
  }
  throw new TransactionBrokenError(`Others kept changing saga '${sagaId}' while it was to be written.`, { sagaId });
}

/** What is said of a handle that cannot be one. */
export function noTransaction(sagaId: string, handleName: string, cause?: unknown): StorageRejectedError {
  return new StorageRejectedError(
    `Saga '${sagaId}' was to be started in a transaction that is none of the storage's client: it must be ${handleName}. Nothing was written.`,
    { sagaId, cause },
  );
}

function alreadyFailed(sagaId: string, cause: unknown): StorageRejectedError {
  return new StorageRejectedError(
    `Saga '${sagaId}' was to be started in a transaction in which a statement has failed before: roll it back. Nothing was written.`,
    { sagaId, cause },
  );
}

function endedByHandler(details: { readonly sagaId?: string; readonly cause?: unknown }): TransactionBrokenError {
  const { sagaId } = details;
  return new TransactionBrokenError(
    `A step${sagaId === undefined ? '' : ` of saga '${sagaId}'`} has ended its transaction itself, so what it wrote before may be committed. Leave COMMIT and ROLLBACK to the engine: it commits when the step returns, and rolls back when it throws.`,
    { ...details, mayStand: true },
  );
}

function failedUnseen(sagaId: string, cause: unknown): TransactionBrokenError {
  return new TransactionBrokenError(
    `A step of saga '${sagaId}' went on after a statement of its transaction had failed, which PostgreSQL does not commit any more. Let the error through, or set a savepoint before a statement that may fail.`,
    { sagaId, cause },
  );
}
