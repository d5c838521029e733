import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { SagaError } from '../../errors/saga-error.js';
import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import { StorageUnavailableError } from '../../errors/storage-unavailable-error.js';
import { findInError } from '../sql/find-in-error.js';

/** SQLSTATEs that are meant one by one; from https://www.postgresql.org/docs/current/errcodes-appendix.html. */
const UNIQUE_VIOLATION = '23505';
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const LOCK_NOT_AVAILABLE = '55P03';
const DISK_FULL = '53100';
const INVALID_CATALOG_NAME = '3D000';
const INVALID_SCHEMA_NAME = '3F000';
const INSUFFICIENT_PRIVILEGE = '42501';
const READ_ONLY_TRANSACTION = '25006';
const NO_ACTIVE_TRANSACTION = '25P01';
const IN_FAILED_TRANSACTION = '25P02';

/** A prepared statement that the server does not know, knows as another, or cannot run any more because a table has changed. */
const PREPARATION_FAILURES: readonly string[] = ['26000', '42P05', '0A000'];

/** What is wrong where the server finds no place for tables. */
export const NO_SCHEMA =
  'there is no schema for the tables: create it, set `schema`, correct the search path of the user, or, where the user lacks a right, ' +
  'GRANT USAGE on it';

/** What is wrong where the server takes no writes from the client. */
export const READ_ONLY =
  'the client is connected for reading only: connect it to the primary server, with a user that may write';

/** Begins with a digit or is one of four classes, unlike `EPIPE` of the system and `P2010` of Prisma. */
const SQLSTATE = /^(?:[0-9][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/;

/** The server's SQLSTATE, of the error itself or of the one that a library has wrapped; `undefined` if no server spoke. */
export function sqlState(error: unknown): string | undefined {
  return findInError(error, (one: ErrorCodes) => [one.code, one.originalCode].find(isSqlState));
}

/** Where an error says it: most keep the driver's `code`, and Prisma's adapters have an `originalCode`. */
interface ErrorCodes {
  readonly code?: unknown;
  readonly originalCode?: unknown;
}

function isSqlState(code: unknown): code is string {
  return typeof code === 'string' && SQLSTATE.test(code);
}

/** An earlier statement of the transaction has failed: it cannot be committed any more. */
export function isTransactionFailed(error: unknown): boolean {
  return sqlState(error) === IN_FAILED_TRANSACTION;
}

/** There is no transaction on this connection. */
export function isTransactionMissing(error: unknown): boolean {
  return sqlState(error) === NO_ACTIVE_TRANSACTION;
}

/** A row stands where another one was to be written. */
export function isPlaceTaken(error: unknown): boolean {
  return sqlState(error) === UNIQUE_VIOLATION;
}

/** Two transactions were in each other's way: this one did not happen, and may simply be tried again. */
export function isCollision(error: unknown): boolean {
  const state = sqlState(error);
  return state === SERIALIZATION_FAILURE || state === DEADLOCK_DETECTED;
}

/** The statement did not run because it was prepared, as happens behind poolers that lend connections by transaction. */
export function isPreparationFailure(error: unknown): boolean {
  return PREPARATION_FAILURES.includes(sqlState(error) ?? '');
}

/** A driver's error in the port's terms. */
export function toSagaError(error: unknown): unknown {
  if (error instanceof SagaError) return error;
  const cause = { cause: error };
  const state = sqlState(error);
  switch (state) {
    case undefined:
      return new StorageUnavailableError(
        'failed',
        'The saga database cannot be reached. The cause says more; sagas go on when it is back.',
        cause,
      );
    case SERIALIZATION_FAILURE:
    case DEADLOCK_DETECTED:
    case LOCK_NOT_AVAILABLE:
      return new StorageUnavailableError(
        'locked',
        `Rows of the saga tables stayed locked by another transaction (${state}). Nothing was written; look for one that is left open.`,
        cause,
      );
    case DISK_FULL:
      return new StorageUnavailableError(
        'full',
        `The saga database is full (${state}). Nothing was written; sagas go on when there is room on its disk again.`,
        cause,
      );
    default:
      return isRefusal(state)
        ? new StorageRejectedError(
            `PostgreSQL refused a value (${state}): it is too large or too deep, holds a character that the database does not know, or a constraint forbids it. It was not written.`,
            cause,
          )
        : new StorageUnavailableError(
            'failed',
            `The saga database failed (${state}). The cause says more; sagas go on when it works again.`,
            cause,
          );
  }
}

/** What the same statement would be answered again: data exceptions, constraints, limits of the program. */
function isRefusal(state: string): boolean {
  return /^(22|23|54)/.test(state);
}

/** What is wrong with the set-up, where that is what an error while opening says; else the error in the port's terms. */
export function toOpeningError(error: unknown): unknown {
  const state = sqlState(error);
  const mistake = state === undefined ? undefined : setUpMistake(state);
  if (mistake === undefined) return toSagaError(error);
  const words = serverWords(error);
  const said = words === undefined ? '' : ` PostgreSQL says: ${words}.`;
  return new SagaConfigurationError([`PostgresSagaStorage: ${mistake} (${state}).${said}`]);
}

/** What the driver's error says, of which our own is made by now. */
function serverWords(error: unknown): string | undefined {
  const said = error instanceof SagaError ? error.cause : error;
  return said instanceof Error ? said.message : undefined;
}

function setUpMistake(state: string): string | undefined {
  if (state.startsWith('28')) return 'the server refuses the user or the password of the client';
  switch (state) {
    case INVALID_CATALOG_NAME:
      return 'the database that the client asks for does not exist';
    case INVALID_SCHEMA_NAME:
      return NO_SCHEMA;
    case INSUFFICIENT_PRIVILEGE:
      return (
        'the user lacks a right: to create tables for `migrate: true`, else to read and write them. ' +
        'Grant it, or run what migrations() returns as their owner'
      );
    case READ_ONLY_TRANSACTION:
      return READ_ONLY;
    default:
      return undefined;
  }
}
