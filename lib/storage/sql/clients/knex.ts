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
  /** Knex's own pool, or a few functions before one that the application has made. */
  readonly pool?: { readonly max?: number; readonly destroyed?: boolean };
  /** What the instance was made of; its transactions have the same. */
  readonly config?: {
    /** The application's pool. */
    readonly connectionPool?: { readonly options?: { readonly max?: number }; readonly ending?: boolean };
  };
  /** Lends a connection of the driver. */
  acquireConnection(): Promise<Connection>;
  releaseConnection(connection: Connection): Promise<void>;
}

/** A Knex instance with its connections and transactions. */
export interface KnexTransactions<Connection> {
  readonly client: KnexClient<Connection>;
  /** Of a transaction: whether it has ended. */
  isCompleted?(): boolean;
  transaction<T>(
    work: (transaction: KnexTransactions<Connection>) => Promise<T>,
    options: { readonly isolationLevel: 'read committed' },
  ): Promise<T>;
}

/** Tells an instance by what it has and no other library's handle does. */
export function isKnex(client: object): client is KnexInstance {
  return typeof client === 'function' && 'raw' in client && 'batchInsert' in client && 'client' in client;
}

/** Tells a transaction of `instance` that has not ended yet. */
export function isKnexTransaction<Connection>(
  handle: unknown,
  instance: KnexTransactions<Connection>,
): handle is KnexTransactions<Connection> {
  if (typeof handle !== 'function' || !isKnex(handle) || handle.isTransaction !== true) return false;
  const transaction = handle as unknown as KnexTransactions<Connection>;
  return transaction.client.config === instance.client.config && transaction.isCompleted?.() === false;
}

/** How many connections an instance makes at most, where that can be told. */
export function poolSizeOfKnex({ client: { pool, config } }: KnexTransactions<unknown>): number | undefined {
  return pool?.max ?? config?.connectionPool?.options?.max;
}
