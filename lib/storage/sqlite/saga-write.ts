import type { NewRow } from '../rows/new-row.js';
import { LOG_FORMAT } from '../rows/saga-rows.js';
import type { Sql } from '../sql/saga-tables.js';
import { moveHead, type HeadMove } from './change-head.js';
import { NOW } from './database-clock.js';
import { insertRows, rowInsert, type RowInsert } from './insert-rows.js';
import type { SqliteConnection } from './sqlite-connection.js';
import type { SqliteValue } from './sqlite-client.js';

/** A write of one saga, ready to share a transaction with writes of others. */
export interface SagaWrite<Result> {
  readonly row: NewRow;
  /** The head of a new saga: name, version of its definition, status, hash of its plan, plan. */
  readonly head?: readonly SqliteValue[];
  /** What keeps it from happening while there are operators' requests. */
  hindrance?(connection: SqliteConnection): Result | undefined;
  /** Its place is taken, or missing: nothing is written. */
  refused(connection: SqliteConnection): Result;
  /** Where the saga stands from now on, if that changes. */
  readonly move?: HeadMove | undefined;
  /** Writes what else goes with the row, once it is in the log. Most have nothing more to write. */
  readonly besides?: ((connection: SqliteConnection) => void) | undefined;
  /** All of it is written. */
  written(now: number): Result;
}

const STAMP: Sql = ({ requests }) => `SELECT ${NOW} AS now, EXISTS (SELECT 1 FROM ${requests}) AS requested`;

interface Stamp {
  /** Milliseconds since the epoch. All entries of a batch share it. */
  readonly now: number;
  /** Whether there is any operator's request at all. Nearly always there is none, and then nobody has to look for his own. */
  readonly requested: 0 | 1;
}

const INSERT_HEAD = rowInsert(
  ({ heads }) =>
    `INSERT INTO ${heads} (id, worker, created_at, updated_at, name, definition_version, status, plan_hash, plan)`,
  '(?, ?, ?, ?, ?, ?, ?, ?, ?)',
);

/**
 * The fence: a row is left out where its version is taken (the primary key), or where the one before it is missing (the log's
 * trigger), because the saga is gone.
 */
const APPEND_ROW = rowInsert(
  ({ log }) => `INSERT INTO ${log}
    (saga_id, version, format, write_id, worker, at, first_seq, last_seq, entries, context, snapshot)`,
  `(?, ?, ${LOG_FORMAT}, ?, ?, ?, ?, ?, ?, ?, ?)`,
);

/**
 * Writes of different sagas, inside a transaction; the results come in their order. Clock and requests are read when the write lock
 * is held: from then on no request can come in until the commit.
 */
export function writeBatch(connection: SqliteConnection, batch: readonly SagaWrite<unknown>[]): readonly unknown[] {
  const { now, requested } = connection.first<Stamp>(STAMP) as Stamp;
  const refused = new Map<SagaWrite<unknown>, unknown>();
  const insert = (
    statement: RowInsert,
    writes: typeof batch,
    valuesOf: (write: SagaWrite<unknown>) => SqliteValue[],
  ) => {
    const inserted = insertRows(connection, statement, writes.map(valuesOf));
    writes.forEach((write, i) => {
      if (!inserted[i]) refused.set(write, write.refused(connection));
    });
  };

  if (requested) {
    for (const write of batch) {
      const hindrance = write.hindrance?.(connection);
      if (hindrance !== undefined) refused.set(write, hindrance);
    }
  }
  insert(
    INSERT_HEAD,
    batch.filter(({ head }) => head !== undefined),
    ({ row, head = [] }) => [row.sagaId, row.worker, now, now, ...head],
  );
  insert(
    APPEND_ROW,
    batch.filter((write) => !refused.has(write)),
    ({ row }) => rowValues(row, now),
  );
  return batch.map((write) => {
    if (refused.has(write)) return refused.get(write);
    const { row, move, besides } = write;
    if (move) moveHead(connection, { sagaId: row.sagaId, move, now });
    besides?.(connection);
    return write.written(now);
  });
}

function rowValues(row: NewRow, now: number): SqliteValue[] {
  const { sagaId, version, writeId, worker, firstSeq, lastSeq, entries, context, snapshot } = row;
  return [sagaId, version, writeId, worker, now, firstSeq, lastSeq, entries, context, snapshot];
}
