import Database from 'libsql';
import { FLOOR_WORKER, type AppendRow, type FloorRow } from './order-log.js';

export type Connection = InstanceType<typeof Database>;

const PLAN =
  '[{"step":"reserve-inventory","kind":"compensatable"},{"step":"charge-payment","kind":"compensatable"},{"step":"ship-order","kind":"compensatable"}]';

/** Opened as the library opens it: write-ahead log, and each commit on the disk before it is answered. */
export function openFloor(file: string): Connection {
  const database = new Database(file);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec(`
    CREATE TABLE log (
      saga_id TEXT NOT NULL, version INTEGER NOT NULL, write_id TEXT NOT NULL, worker TEXT, at INTEGER NOT NULL,
      first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, entries TEXT NOT NULL, context TEXT,
      PRIMARY KEY (saga_id, version)
    ) WITHOUT ROWID;
    CREATE TABLE heads (
      id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL, worker TEXT,
      created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, plan_hash TEXT NOT NULL, plan TEXT NOT NULL
    ) WITHOUT ROWID;
  `);
  return database;
}

/**
 * Writes the rows that the library writes: one of the log, and a head that the first one makes and the last one changes. No
 * index beyond the primary keys, no check whether the place is free, no clock but the process's own.
 */
export function rowWriter(database: Connection): (row: FloorRow) => void {
  const insertHead = database.prepare('INSERT INTO heads VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const insertRow = database.prepare('INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const completeHead = database.prepare('UPDATE heads SET status = ?, worker = NULL, updated_at = ? WHERE id = ?');
  return ({ sagaId, version, writeId, firstSeq, lastSeq, entries, context, changes }) => {
    const now = Date.now();
    if (changes === 'created') {
      insertHead.run(sagaId, 'order', 'RUNNING', FLOOR_WORKER, now, now, '0123456789abcdef', PLAN);
    }
    insertRow.run(sagaId, version, writeId, FLOOR_WORKER, now, firstSeq, lastSeq, entries, context);
    if (changes === 'completed') completeHead.run('COMPLETED', now, sagaId);
  };
}

/** A transaction for each row, by the driver's own helper. */
export function oneByOne(database: Connection): AppendRow {
  return database.transaction(rowWriter(database)).immediate;
}
