import type { Sql } from '../sql/saga-tables.js';
import type { SqliteConnection } from './sqlite-connection.js';
import type { SqliteValue } from './sqlite-client.js';

/** Rows that one statement inserts. More than half of an INSERT's cost is the call of the driver; beyond 16 rows it is none. */
const ROWS_AT_ONCE = 16;

const SAVE: Sql = () => 'SAVEPOINT insert_rows';
const RELEASE: Sql = () => 'RELEASE insert_rows';
const UNDO: Sql = () => 'ROLLBACK TO insert_rows';

/** An INSERT that leaves out what is there already, for one row and for {@link ROWS_AT_ONCE}. */
export interface RowInsert {
  readonly one: Sql;
  readonly many: Sql;
}

/** @param into What stands before `VALUES`. @param row The placeholders of a row. */
export function rowInsert(into: Sql, row: string): RowInsert {
  const insert =
    (count: number): Sql =>
    (tables) =>
      `${into(tables)} VALUES ${Array<string>(count).fill(row).join(', ')} ON CONFLICT DO NOTHING`;
  return { one: insert(1), many: insert(ROWS_AT_ONCE) };
}

/**
 * Inserts rows, inside a transaction; tells of each whether it was inserted. Nearly always all are: so they are inserted together,
 * and only when their number is not right, that is undone and one after the other is tried.
 */
export function insertRows(
  connection: SqliteConnection,
  insert: RowInsert,
  rows: readonly (readonly SqliteValue[])[],
): readonly boolean[] {
  if (rows.length >= ROWS_AT_ONCE) {
    connection.run(SAVE);
    const isComplete = insertTogether(connection, insert, rows) === rows.length;
    if (!isComplete) connection.run(UNDO);
    connection.run(RELEASE);
    if (isComplete) return rows.map(() => true);
  }
  return rows.map((row) => connection.run(insert.one, ...row) === 1);
}

function insertTogether(
  connection: SqliteConnection,
  { one, many }: RowInsert,
  rows: readonly (readonly SqliteValue[])[],
): number {
  let inserted = 0;
  const inFull = rows.length - (rows.length % ROWS_AT_ONCE);
  for (let i = 0; i < inFull; i += ROWS_AT_ONCE) {
    const values: SqliteValue[] = [];
    for (const row of rows.slice(i, i + ROWS_AT_ONCE)) values.push(...row);
    inserted += connection.run(many, ...values);
  }
  for (const row of rows.slice(inFull)) inserted += connection.run(one, ...row);
  return inserted;
}
