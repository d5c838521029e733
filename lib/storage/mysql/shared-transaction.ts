import { TransactionBrokenError } from '../../errors/transaction-broken-error.js';
import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import { StorageUnavailableError } from '../../errors/storage-unavailable-error.js';
import { answerWithin } from '../answer-within.js';
import type { CreateResult, CreateWithinResult, NewSaga, SagaTransition, TransitionResult } from '../saga-changes.js';
import type { Sql } from '../sql/saga-tables.js';
import { isUnanswered } from '../sql/answer-timeout.js';
import { BUSY_AFTER } from '../sql/shared-work.js';
import { appendTransition } from './append-transition.js';
import { createSaga } from './create-saga.js';
import { NOW, milliseconds } from './database-clock.js';
import { isDuplicate, isLocked, isSavepointMissing, isTransactionLost, toSagaError } from './driver-error.js';
import type { MysqlConnection, MysqlSession } from './mysql-connection.js';
import { checkPacket } from './packets.js';
import type { SagaCreation } from './saga-write.js';
import { writeUnderLocks } from './write-batch.js';
import { writeStatements } from './write-statements.js';

/** The name of a savepoint by which a transaction is recognised as the one that was handed out: it ends with it. */
export function newMark(): string {
  return `nest_saga_${crypto.randomUUID().replaceAll('-', '')}`;
}

/** Marks a transaction that has just begun. */
export async function markTransaction(session: MysqlSession, mark: string): Promise<void> {
  await session.allOnce(`SAVEPOINT ${mark}`);
}

/** From here to the commit nobody claims the saga or stores another request for it. */
const LOCK_HEAD: Sql = ({ heads }) => `SELECT 1 FROM ${heads} WHERE id = ? FOR UPDATE`;

/**
 * Appends a row inside a transaction in which the application has written. COMMIT, ROLLBACK, a statement that commits by itself (DDL), and a
 * deadlock that was caught end the transaction, and the next statements would commit one by one: the mark is gone then.
 */
export async function appendWithin(
  session: MysqlSession,
  connection: MysqlConnection,
  { transition, mark }: { readonly transition: SagaTransition; readonly mark: string },
): Promise<TransitionResult> {
  const write = checkPacket(appendTransition(transition), connection.maxPacket);
  try {
    await session.allOnce(`RELEASE SAVEPOINT ${mark}`);
  } catch (error) {
    throw isSavepointMissing(error) ? endedByHandler({ sagaId: transition.id, cause: error }) : error;
  }
  await markTransaction(session, mark);
  await session.all(LOCK_HEAD, write.row.sagaId);
  try {
    return (await writeUnderLocks(session, connection, [write])).get(write) as TransitionResult;
  } catch (error) {
    // Somebody has taken the version since the look.
    if (isDuplicate(error)) return { outcome: 'conflict' };
    throw error;
  }
}

/**
 * Why work was rejected, whose transaction is about to be rolled back: there is nothing to roll back where it has ended the transaction
 * itself, and then what it has written may stand. A deadlock ends it as well, but leaves nothing.
 */
export async function rejectionOf(
  error: unknown,
  { session, mark }: { readonly session: MysqlSession; readonly mark: string },
): Promise<unknown> {
  if (error instanceof TransactionBrokenError || isTransactionLost(error) || isUnanswered(error)) return error;
  const hasEnded = session.allOnce(`RELEASE SAVEPOINT ${mark}`).then(
    () => false,
    (missing: unknown) => isSavepointMissing(missing),
  );
  return (await answerWithin(BUSY_AFTER, hasEnded, () => false)) ? endedByHandler({ cause: error }) : error;
}

const SAVEPOINT = 'SAVEPOINT nest_saga';
const ROLL_BACK = 'ROLLBACK TO SAVEPOINT nest_saga';
const RELEASE = 'RELEASE SAVEPOINT nest_saga';

/** A saga to be created in a transaction of the application's. */
export interface NewSagaWithin {
  readonly saga: NewSaga;
  readonly handleName: string;
}

/** Creates a saga inside a transaction of the application's, which stays usable unless the server itself has ended it. */
export async function createWithin(
  session: MysqlSession,
  connection: MysqlConnection,
  { saga, handleName }: NewSagaWithin,
): Promise<CreateWithinResult> {
  const write = checkPacket(createSaga(saga), connection.maxPacket);
  try {
    await session.allOnce(SAVEPOINT);
    // Fails where nobody has begun a transaction, before anything is written.
    await session.allOnce(ROLL_BACK);
  } catch (error) {
    throw isSavepointMissing(error) ? noTransaction(saga.id, handleName, error) : toSagaError(error);
  }
  try {
    const result = await createOne(session, connection, write);
    await session.allOnce(RELEASE);
    return { ...result, isOpen: () => isHeld(connection, saga.id) };
  } catch (error) {
    await session.allOnce(ROLL_BACK).catch((second: unknown) => {
      if (isSavepointMissing(second)) throw endedByServer(saga.id, error);
      // Else the connection is gone, and the first error says more.
    });
    throw toSagaError(error);
  }
}

const LOCK_AT_ONCE: Sql = ({ heads }) => `SELECT 1 FROM ${heads} WHERE id = ? FOR UPDATE NOWAIT`;

/** Until a transaction ends it holds the head that it has written, and nobody else can lock it. */
async function isHeld(connection: MysqlConnection, sagaId: string): Promise<boolean> {
  try {
    await connection.allAtOnce(LOCK_AT_ONCE, sagaId);
    return false;
  } catch (error) {
    if (isLocked(error)) return true;
    throw toSagaError(error);
  }
}

const SELECT_NOW: Sql = () => `SELECT ${milliseconds(NOW)} AS now`;

/** Under a lock, because only so a transaction sees what was committed after it had begun, whatever its isolation. */
const SELECT_NAME: Sql = ({ heads }) => `SELECT name FROM ${heads} WHERE id = ? LOCK IN SHARE MODE`;

/** How often a creation is made again whose id was taken, and is free by now. */
const ATTEMPTS = 10;

/** Writes first and looks where that fails: looking for what is not there would lock the place for others who create. */
async function createOne(
  session: MysqlSession,
  connection: MysqlConnection,
  write: SagaCreation,
): Promise<CreateResult> {
  const { sagaId } = write.row;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [clock] = await session.all<{ now: number }>(SELECT_NOW);
    const at = clock?.now ?? NaN;
    try {
      for (const { text, values } of writeStatements(connection, [{ write, at }])) {
        await session.allOnce(text, ...values);
      }
      return { outcome: 'created', at: new Date(at) };
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      await session.allOnce(ROLL_BACK);
    }
    const [head] = await session.all<{ name: string }>(SELECT_NAME, sagaId);
    if (head !== undefined) return { outcome: 'exists', name: head.name };
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

/** A deadlock leaves no transaction in which the caller could go on. */
function endedByServer(sagaId: string, cause: unknown): StorageUnavailableError {
  return new StorageUnavailableError(
    'locked',
    `The server has rolled back the whole transaction in which saga '${sagaId}' was to be started, after a deadlock: begin it again. What is written on its connection from now on commits at once.`,
    { sagaId, cause },
  );
}

function endedByHandler(details: { readonly sagaId?: string; readonly cause: unknown }): TransactionBrokenError {
  const { sagaId } = details;
  return new TransactionBrokenError(
    `A step${sagaId === undefined ? '' : ` of saga '${sagaId}'`} has ended its transaction: by COMMIT or ROLLBACK, by a statement that commits by itself (CREATE, ALTER and the like), or it went on after a deadlock. What it wrote before may be committed. Leave the end to the engine: it commits when the step returns, and rolls back when it throws.`,
    { ...details, mayStand: true },
  );
}
