/** What the storage binds. Lists go as one text, in PostgreSQL's own notation, so that no driver has to know how. */
export type PostgresValue = string | number | boolean | null;

/** What a statement gives. The storage reads texts, booleans and numbers that fit into a `double`, and nothing else. */
export interface PostgresResult {
  /** Objects, by the names of their columns; empty for a statement that gives none. */
  readonly rows: readonly unknown[];
}

/** Runs one statement, with parameters `$1`, `$2` … */
export type PostgresQuery = (sql: string, values: PostgresValue[]) => Promise<PostgresResult>;

/**
 * What the storage needs of an application's database handle: single statements, which commit on their own, and transactions.
 * A `pg` Pool is taken as it is; this shape is for every other library that can do both.
 *
 * A rejection has to carry the server's SQLSTATE as `code`, on itself or on its `cause`, as the errors of `pg` do.
 */
export interface PostgresClient<Handle = unknown> {
  /** Runs one statement that commits on its own. */
  query(sql: string, values: PostgresValue[]): Promise<PostgresResult>;
  /**
   * Runs `work` in one transaction on one connection, at READ COMMITTED: commits when it resolves, rolls back when it rejects. `handle`
   * is what the application writes with in this transaction; transactional steps get it.
   */
  transaction<T>(work: (query: PostgresQuery, handle: Handle) => Promise<T>): Promise<T>;
  /**
   * Runs statements in a transaction that the application has begun: of a `handle` as `transaction` gives it, a query in the same
   * transaction; of anything else, `undefined`. Without it sagas cannot be started in a transaction of the application's.
   */
  within?(handle: unknown): PostgresQuery | undefined;
  /** How many connections there are at most; where that is not known, it is taken for 5. */
  readonly poolSize?: number;
}

/** A statement as `pg` takes it. One with a name is prepared once for each connection. */
export interface PostgresStatement {
  /** SQL with `$1`, `$2` … */
  readonly text: string;
  /** Their values, in order. */
  readonly values: PostgresValue[];
  /** Unique for the text; absent: it is planned anew each time. */
  readonly name?: string;
}

/** Who hears of connections that are lost while nobody uses them. */
export type ConnectionLostListener = (error: Error) => void;

/** How a `Pool` of `pg` tells what happens with its connections. */
export interface PostgresPoolEvents {
  (event: 'error', listener: ConnectionLostListener): unknown;
  (event: 'acquire', listener: (connection: Pick<PostgresPoolClient, 'on' | 'off'>) => void): unknown;
  (event: 'release', listener: (error: unknown, connection: Pick<PostgresPoolClient, 'on' | 'off'>) => void): unknown;
}

/** What a `new Pool()` of `pg` is to the storage. */
export interface PostgresPool {
  /** Runs one statement on a connection of its choice. */
  query(statement: PostgresStatement): Promise<PostgresResult>;
  /** Lends a connection. */
  connect(): Promise<PostgresPoolClient>;
  /** Begins to tell of lost connections, and of those that it lends and gets back. */
  readonly on?: PostgresPoolEvents;
  /** Ends it. */
  readonly off?: PostgresPoolEvents;
  /** Whether it is being closed, which waits for what it has lent. */
  readonly ending?: boolean;
  /** How it was made. */
  readonly options?: {
    /** How many connections it makes at most. */
    readonly max?: number;
  };
}

/** What NOTIFY tells. */
export interface PostgresNotification {
  /** On which it was sent. */
  readonly channel: string;
  /** Its text. */
  readonly payload?: string | undefined;
}

/** How a `Client` of `pg` tells what happens on its connection. */
export interface PostgresClientEvents {
  (event: 'error', listener: ConnectionLostListener): unknown;
  (event: 'end', listener: () => void): unknown;
  (event: 'notification', listener: (notification: PostgresNotification) => void): unknown;
}

/** A connection that can listen: what a `Client` of `pg` is to the storage. */
export interface PostgresListener {
  /** Runs one statement. */
  query(statement: PostgresStatement): Promise<PostgresResult>;
  /** Begins to tell what happens on it. */
  readonly on?: PostgresClientEvents;
  /** Ends that. */
  readonly off?: PostgresClientEvents;
}

/** A connection that a {@link PostgresPool} lends. */
export interface PostgresPoolClient extends PostgresListener {
  /** Gives it back; with an error or `true`, to be thrown away. */
  release(error?: Error | boolean): void;
}

/** A connection of the storage's own, which it ends. */
export interface PostgresOwnListener extends PostgresListener {
  /** Ends the connection. */
  end(): Promise<unknown>;
}
