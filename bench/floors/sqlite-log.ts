import Database from 'libsql';
import { FLOOR_WORKER, type FloorRow } from './order-log.js';

type Connection = InstanceType<typeof Database>;

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

/** Appends rows to the log, one commit for each. */
export function appender(database: Connection): (row: FloorRow) => void {
  const insert = database.prepare('INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  return ({ sagaId, version, writeId, firstSeq, lastSeq, entries, context }) => {
    insert.run(sagaId, version, writeId, FLOOR_WORKER, Date.now(), firstSeq, lastSeq, entries, context);
  };
}
