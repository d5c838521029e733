import { LOG_FORMAT } from '../rows/saga-rows.js';
import type { Sql } from '../sql/saga-tables.js';
import { moveValues } from './change-head.js';
import type { DatabaseClock } from './database-clock.js';
import { isConflict } from './driver-error.js';
import type { SagaWrite } from './saga-write.js';
import type { SqliteValue } from './sqlite-client.js';
import type { SqliteConnection } from './sqlite-connection.js';
import { writesOf } from './sqlite-tables.js';

const ROW = 'saga_id, version, format, write_id, worker, at, first_seq, last_seq, entries, context';
const ROW_VALUES = `?, ?, ${LOG_FORMAT}, ?, ?, ?, ?, ?, ?, ?`;

const CREATE: Sql = (tables) => `
  INSERT INTO ${writesOf(tables)} (${ROW}, name, definition_version, status, plan_hash, plan)
  VALUES (${ROW_VALUES}, ?, ?, ?, ?, ?)`;

const APPEND: Sql = (tables) => `INSERT INTO ${writesOf(tables)} (${ROW}) VALUES (${ROW_VALUES})`;

const APPEND_AND_MOVE: Sql = (tables) => `
  INSERT INTO ${writesOf(tables)} (${ROW}, moves, status, leaves_worker, sets_due, due_at)
  VALUES (${ROW_VALUES}, 1, ?, ?, ?, ?)`;

/**
 * Writes what met no other write by one statement that commits on its own. `undefined`: it has more to say than such a statement can, or
 * something stands in its way; nothing was written, and a transaction has to find out.
 */
export function writeAlone(connection: SqliteConnection, clock: DatabaseClock, write: SagaWrite<unknown>): unknown {
  if (write.besides !== undefined) return undefined;
  const { row, head, move } = write;
  const now = clock.now();
  const { sagaId, version, writeId, worker, firstSeq, lastSeq, entries, context } = row;
  const values: SqliteValue[] = [sagaId, version, writeId, worker, now, firstSeq, lastSeq, entries, context];
  try {
    if (head !== undefined) connection.runAlone(CREATE, values.concat(head));
    else if (move !== undefined) connection.runAlone(APPEND_AND_MOVE, values.concat(moveValues(move, now)));
    else connection.runAlone(APPEND, values);
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
  return write.written(now);
}
