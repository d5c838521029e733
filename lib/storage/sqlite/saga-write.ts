import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import type { JsonValue } from '../json-value.js';
import type { EntryDraft } from '../log-entry.js';
import { jsonText } from '../sql/json-text.js';
import { LOG_FORMAT } from '../sql/saga-rows.js';
import type { Sql } from '../sql/saga-tables.js';
import { NOW } from './database-clock.js';
import type { SqliteConnection } from './sqlite-connection.js';

/** A write of one saga, ready to share a transaction with writes of others. */
export interface SagaWrite<Result> {
  readonly sagaId: string;
  /** Runs the statements, inside a transaction that somebody else commits. */
  apply(connection: SqliteConnection, stamp: WriteStamp): Result;
}

/** What all writes of a transaction share. */
export interface WriteStamp {
  /** The database's clock, read when the write lock was held: milliseconds since the epoch. */
  readonly now: number;
  /** Whether there is any operator's request at all. Nearly always there is none, and then nobody has to look for his own. */
  readonly requested: 0 | 1;
}

const STAMP: Sql = ({ requests }) => `SELECT ${NOW} AS now, EXISTS (SELECT 1 FROM ${requests}) AS requested`;

/** Read once the write lock is held: from then on no request can come in until the commit. */
export function readStamp(connection: SqliteConnection): WriteStamp {
  return connection.first<WriteStamp>(STAMP) as WriteStamp;
}

/** A row of the log, in the order in which it is bound, without what the database adds. */
export interface NewRow {
  readonly sagaId: string;
  readonly version: number;
  readonly writeId: string;
  readonly worker: string | null;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly entries: string;
  readonly context: string | null;
  readonly snapshot: string | null;
}

/** What a caller hands over of a row. */
interface RowContent {
  readonly id: string;
  readonly entries: readonly EntryDraft[];
  readonly worker?: string;
  readonly writeId: string;
  readonly context?: JsonValue;
  readonly snapshot?: JsonValue;
}

/**
 * Makes a row of what a caller hands over. Done before the row is queued: it copies the values, and one that cannot be stored
 * fails alone.
 *
 * @throws StorageRejectedError
 */
export function newRow(
  content: RowContent,
  { version, seq }: { readonly version: number; readonly seq: number },
): NewRow {
  const { id, entries, worker, writeId, context, snapshot } = content;
  const sagaId = storable('id', id);
  return {
    sagaId,
    version,
    writeId: storable('write id', writeId),
    worker: worker === undefined ? null : storable('worker', worker),
    firstSeq: seq,
    lastSeq: seq + entries.length - 1,
    entries: jsonText(entries, { sagaId, what: 'entries' }),
    context: context === undefined ? null : jsonText(context, { sagaId, what: 'context' }),
    snapshot: snapshot === undefined ? null : jsonText(snapshot, { sagaId, what: 'snapshot' }),
  };
}

const APPEND_ROW: Sql = ({ log }) => `
  INSERT INTO ${log} (saga_id, version, format, write_id, worker, at, first_seq, last_seq, entries, context, snapshot)
  VALUES (?, ?, ${LOG_FORMAT}, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`;

/**
 * Appends a row to its saga's log; tells whether it did. This is the fence: nothing happens where the version is taken (the
 * primary key), or the one before it is missing (the log's trigger), because the saga is gone.
 */
export function appendRow(connection: SqliteConnection, row: NewRow, now: number): boolean {
  const { sagaId, version, writeId, worker, firstSeq, lastSeq, entries, context, snapshot } = row;
  const values = [sagaId, version, writeId, worker, now, firstSeq, lastSeq, entries, context, snapshot];
  return connection.run(APPEND_ROW, ...values) === 1;
}

/**
 * Text without what SQLite drivers change on the way: they end it at a NUL character (libsql, when it reads), and replace half
 * a surrogate pair.
 *
 * @throws StorageRejectedError
 */
export function storable(what: string, text: string): string {
  if (typeof text === 'string' && !/\0|\p{Surrogate}/u.test(text)) return text;
  throw new StorageRejectedError(
    `The ${what} ${JSON.stringify(text)} cannot be stored: it must be a text without NUL characters and broken surrogate pairs. Nothing was written.`,
  );
}
