/** What the storage binds. Texts that need quoting go as bytes: those look the same in every `sql_mode` and character set. */
export type MysqlValue = string | number | Buffer | null;

/** What a statement gives. */
export interface MysqlResult {
  /** The rows of a SELECT, each an object. The storage reads numbers that fit into a `double`, texts and bytes, and nothing else. */
  readonly rows: readonly unknown[];
  /** How many rows a write has changed; 0 for a SELECT. */
  readonly affectedRows: number;
}

/** Runs one statement, with parameters `?`. */
export type MysqlQuery = (sql: string, values: MysqlValue[]) => Promise<MysqlResult>;

/**
 * What the storage needs of an application's database handle: single statements, which commit on their own, and transactions.
 * A pool of `mysql2` is taken as it is; this shape is for every other library that can do both.
 *
 * A rejection has to carry the server's error number as `errno`, on itself or on its `cause`, as the errors of `mysql2` do.
 */
export interface MysqlClient<Handle = unknown> {
  /** Runs one statement that commits on its own. */
  query(sql: string, values: MysqlValue[]): Promise<MysqlResult>;
  /**
   * Runs `work` in one transaction on one connection, `READ COMMITTED`: commits when it resolves, rolls back when it rejects. `handle` is
   * what the application writes with in this transaction; transactional steps get it.
   */
  transaction<T>(work: (query: MysqlQuery, handle: Handle) => Promise<T>): Promise<T>;
  /**
   * Runs statements in a transaction that the application has begun: of a `handle` as `transaction` gives it, a query in the same
   * transaction; of anything else, `undefined`. Without it sagas cannot be started in a transaction of the application's.
   */
  within?(handle: unknown): MysqlQuery | undefined;
  /** How many connections there are at most; where that is not known, it is taken for 5. */
  readonly poolSize?: number;
}

/** A statement as `mysql2` takes it, with options that outweigh those of the pool. */
export interface MysqlStatement {
  /** SQL with a `?` for each value. */
  readonly sql: string;
  /** Their values, in order. */
  readonly values: MysqlValue[];
  /** Rows are objects, whatever the pool says. */
  readonly rowsAsArray: false;
  /** Their properties are columns, and not tables of columns. */
  readonly nestTables: false;
  /** Reads a column as `mysql2` does by default. */
  readonly typeCast: (field: unknown, next: () => unknown) => unknown;
}

/** What `createPool()` of `mysql2/promise` gives, as the storage uses it. */
export interface MysqlPool {
  /** Runs one statement on a connection of its choice; resolves with its rows, or what it changed, and more. */
  query(statement: MysqlStatement): Promise<unknown>;
  /** Lends a connection. */
  getConnection(): Promise<MysqlPoolConnection>;
}

/** What `createPool()` of `mysql2` gives: it knows its own promising form. */
export interface MysqlCallbackPool {
  /** The same pool, as `mysql2/promise` would have made it. */
  promise(): MysqlPool;
}

/** A connection that a {@link MysqlPool} lends. */
export interface MysqlPoolConnection {
  /** Runs one statement. */
  query(statement: MysqlStatement): Promise<unknown>;
  /** Gives it back. */
  release(): void;
  /** Throws it away. */
  destroy(): void;
}
