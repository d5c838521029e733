import type { NewRow } from '../sql/log-row.js';
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
