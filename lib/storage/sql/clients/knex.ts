/** What a Knex instance (1.0 or later) is to a storage: a function. */
export interface KnexInstance {
  /** The dialect's client, which has the pool. */
  readonly client: unknown;
  /** Whether it is a transaction of another instance. */
  readonly isTransaction?: boolean;
  /** Tells Knex from other functions. */
  readonly raw: unknown;
  /** Begins a batch of inserts; with `raw`, no other library's functions have it. */
  readonly batchInsert: unknown;
}

/** The client of a Knex instance. */
export interface KnexClient<Connection> {
  /** `postgresql`, `mysql`, `sqlite3` … */
  readonly dialect: string;
  /** `pg`, `mysql2` …; `undefined` for an instance that only builds SQL. */
  readonly driverName?: string;
  readonly pool?: { readonly max?: number };
  /** Lends a connection of the driver. */
  acquireConnection(): Promise<Connection>;
  releaseConnection(connection: Connection): Promise<void>;
}

/** A Knex instance with its connections and transactions. */
export interface KnexTransactions<Connection> {
  readonly client: KnexClient<Connection>;
  transaction<T>(
    work: (transaction: KnexTransactions<Connection>) => Promise<T>,
    options: { readonly isolationLevel: 'read committed' },
  ): Promise<T>;
}

/** Tells an instance by what it has and no other library's handle does. */
export function isKnex(client: object): client is KnexInstance {
  return typeof client === 'function' && 'raw' in client && 'batchInsert' in client && 'client' in client;
}

/** Tells a transaction that has not ended yet. */
export function isKnexTransaction<Connection>(handle: unknown): handle is KnexTransactions<Connection> {
  if (typeof handle !== 'function' || !isKnex(handle) || handle.isTransaction !== true) return false;
  return !(handle as { isCompleted?(): boolean }).isCompleted?.();
}
