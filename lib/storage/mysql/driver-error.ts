import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { SagaError } from '../../errors/saga-error.js';
import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import { StorageUnavailableError } from '../../errors/storage-unavailable-error.js';
import { findInError } from '../sql/find-in-error.js';

/**
 * Error numbers, the same in MySQL and MariaDB but where one is named; from
 * https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html and https://mariadb.com/kb/en/mariadb-error-code-reference/.
 */
const DUPLICATE_KEY = 1062;
const LOCK_WAIT_TIMEOUT = 1205;
const DEADLOCK = 1213;
/** MySQL: a row is locked, and `NOWAIT` was said; MariaDB says {@link LOCK_WAIT_TIMEOUT}. */
const LOCK_NOT_AT_ONCE = 3572;
/** MariaDB: a row has changed since the transaction's snapshot. */
const CHANGED_SINCE_READ = 1020;
/** Group replication: another server's transaction was first. */
const ROLLED_BACK_AT_COMMIT = 3101;
/** SIGNAL, by which a block of ours says that it does not go on. */
const SIGNALLED = 1644;
/** `SAVEPOINT … does not exist`: outside a transaction, a savepoint is forgotten as soon as it is set. */
const NO_SUCH_SAVEPOINT = 1305;
const COLLISIONS: readonly number[] = [
  DUPLICATE_KEY,
  LOCK_WAIT_TIMEOUT,
  DEADLOCK,
  CHANGED_SINCE_READ,
  ROLLED_BACK_AT_COMMIT,
];

const NO_SUCH_TABLE = 1146;

/** A right on a table, on a column. */
const TABLE_RIGHTS: readonly number[] = [1142, 1143];

/** A table, a temporary file, the disk. */
const FULL: readonly number[] = [1021, 1114];

/** What the same statement would be answered again, beyond what the classes of SQLSTATE say. */
const REFUSALS: readonly number[] = [
  1153, // a packet larger than max_allowed_packet
  1118, // a row larger than a page takes
  1366, // a text that its column's character set cannot hold
  3819, // MySQL: a check constraint
  4025, // MariaDB: a check constraint
];

/** The server, the transaction, MySQL's read-only mode. */
const READ_ONLY: readonly number[] = [1290, 1792, 1836];

/** The server's error number, of the error itself or of the one that a library has wrapped; `undefined` if no server spoke. */
export function errorNumber(error: unknown): number | undefined {
  return findInError(error, ({ errno, originalCode }: ErrorNumbers) => {
    const number = Number(errno ?? originalCode);
    return number >= 1000 ? number : undefined;
  });
}

/** Where an error says it: most keep the driver's `errno`, and Prisma's adapters have an `originalCode`, a text. */
interface ErrorNumbers {
  readonly errno?: unknown;
  readonly originalCode?: unknown;
}

function sqlState(error: unknown): string {
  const state = findInError(error, (it) =>
    'sqlState' in it && typeof it.sqlState === 'string' ? it.sqlState : undefined,
  );
  return state?.replace('#', '') ?? '';
}

/**
 * Two transactions were in each other's way: this one did not happen, or is rolled back by who hears this, and may simply be tried again.
 * A key that is there already is such a collision: whoever writes has looked, so somebody else has put it there since.
 */
export function isCollision(error: unknown): boolean {
  return COLLISIONS.includes(errorNumber(error) ?? 0);
}

/**
 * A transaction that others write in as well lost against another one, and may be run again from its beginning. Not by a key that is
 * there already: that may be the application's own, and it would be there the next time.
 */
export function isTransactionLost(error: unknown): boolean {
  return isCollision(error) && !isDuplicate(error);
}

/** Somebody else has locked a row. */
export function isLocked(error: unknown): boolean {
  const number = errorNumber(error);
  return number === LOCK_WAIT_TIMEOUT || number === LOCK_NOT_AT_ONCE;
}

/** A key is there already. */
export function isDuplicate(error: unknown): boolean {
  return errorNumber(error) === DUPLICATE_KEY;
}

/** A block that takes for granted that nothing is in its way has met something: a key that is there already, or what it has looked for itself. */
export function isInTheWay(error: unknown): boolean {
  return isDuplicate(error) || errorNumber(error) === SIGNALLED;
}

/** There is no such savepoint: the transaction that set it has ended, or none was under way. */
export function isSavepointMissing(error: unknown): boolean {
  return errorNumber(error) === NO_SUCH_SAVEPOINT;
}

/** There is no such table. */
export function isTableMissing(error: unknown): boolean {
  return errorNumber(error) === NO_SUCH_TABLE;
}

/** The user may not do this with a table, or with one of its columns. */
export function isRightMissing(error: unknown): boolean {
  return TABLE_RIGHTS.includes(errorNumber(error) ?? 0);
}

/** The server, or what the connection has to do with it, is only to be read from. */
export function isReadOnly(error: unknown): boolean {
  return READ_ONLY.includes(errorNumber(error) ?? 0);
}

/** A driver's error in the port's terms. */
export function toSagaError(error: unknown): unknown {
  if (error instanceof SagaError) return error;
  const cause = { cause: error };
  const number = errorNumber(error);
  if (number === undefined) {
    return new StorageUnavailableError(
      'failed',
      'The saga database cannot be reached. The cause says more; sagas go on when it is back.',
      cause,
    );
  }
  if (isCollision(error) && number !== DUPLICATE_KEY) {
    return new StorageUnavailableError(
      'locked',
      `Rows of the saga tables stayed locked by another transaction (error ${number}). Nothing was written; look for one that is left open.`,
      cause,
    );
  }
  if (FULL.includes(number)) {
    return new StorageUnavailableError(
      'full',
      `The saga database is full (error ${number}). Nothing was written; sagas go on when there is room on its disk again.`,
      cause,
    );
  }
  if (REFUSALS.includes(number) || /^(22|23|45)/.test(sqlState(error))) {
    return new StorageRejectedError(
      `The saga database refused a value (error ${number}): it is too large, or a constraint or trigger forbids it. It was not written.`,
      cause,
    );
  }
  return new StorageUnavailableError(
    'failed',
    `The saga database failed (error ${number}). The cause says more; sagas go on when it works again.`,
    cause,
  );
}

/** What is wrong with the set-up, where that is what an error while opening says; else the error in the port's terms. */
export function toOpeningError(error: unknown): unknown {
  const number = errorNumber(error);
  const mistake = number === undefined ? undefined : setUpMistake(number);
  if (mistake === undefined) return toSagaError(error);
  const words = serverWords(error);
  const said = words === undefined ? '' : ` The server says: ${words}.`;
  return new SagaConfigurationError([`MysqlSagaStorage: ${mistake} (error ${number}).${said}`]);
}

/** What the driver's error says, of which our own is made by now. */
function serverWords(error: unknown): string | undefined {
  const said = error instanceof SagaError ? error.cause : error;
  return said instanceof Error ? said.message : undefined;
}

function setUpMistake(number: number): string | undefined {
  switch (number) {
    case 1045: // access denied, password
    case 1698: // MariaDB: access denied, no password
    case 1130: // host not allowed
    case 3118: // MySQL: account locked
    case 4151: // MariaDB: account locked
      return 'the server refuses the user, the password or the host of the client';
    case 1044: // access denied to the database
      return 'the database that the client or `database` asks for is not open to the user, or does not exist: grant it, or create it';
    case 1049:
      return 'the database that the client or `database` asks for does not exist: create it';
    case 1046:
      return 'the client has chosen no database: name one in its options, or set `database`';
    case 1142: // a right on a table
    case 1143: // a right on a column
    case 1227: // a right on the server
    case 1370: // a right on a routine
      return (
        'the user lacks a right: to create tables for `migrate: true`, else to read and write them. ' +
        'Grant it, or run what migrations() returns as their owner'
      );
    default:
      return READ_ONLY.includes(number)
        ? 'the server or the session is read-only: connect to the primary server, with a user that may write'
        : undefined;
  }
}
