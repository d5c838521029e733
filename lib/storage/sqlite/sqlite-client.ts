/** What SQLite drivers bind. Nothing else is ever handed to one: libsql ends the whole process on a boolean. */
export type SqliteValue = string | number | null | Uint8Array;

/** A prepared statement, as better-sqlite3, libsql and node:sqlite know it. */
export interface SqliteStatement {
  /** Runs it, and says how many rows changed. */
  run(...values: SqliteValue[]): {
    /** How many rows were inserted, updated or deleted. */
    readonly changes: number | bigint;
  };
  /** The first row, `undefined` for none. */
  get(...values: SqliteValue[]): unknown;
  /** All rows. */
  all(...values: SqliteValue[]): readonly unknown[];
}

/**
 * A connection to a SQLite database: what `new Database(file)` of better-sqlite3 and of libsql and `new DatabaseSync(file)` of
 * node:sqlite have in common. The storage begins and commits transactions on it, so it needs one that nobody else uses.
 */
export interface SqliteClient {
  /** Runs statements without parameters, such as `BEGIN` and pragmas. */
  exec(sql: string): unknown;
  /** Compiles one statement. */
  prepare(sql: string): SqliteStatement;
}
