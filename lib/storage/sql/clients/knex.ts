import type { ClientLibrary } from './client-library.js';
import type { OnConnection, RunBy, SqlClient } from './sql-client.js';

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

/** How a storage uses Knex. */
export interface KnexLibrary<Connection, Run, Use> {
  readonly driver: 'pg' | 'mysql2';
  readonly dialect: 'postgresql' | 'mysql';
  readonly runBy: RunBy<Connection, Run>;
  readonly use: (client: SqlClient<Run>, instance: KnexTransactions<Connection>) => Use;
}

/**
 * A Knex instance. Statements run as they stand on the driver's own connections, which Knex lends: to Knex itself `?` means something and
 * `$1` does not, and it prepares nothing.
 */
export function knexLibrary<Connection, Run, Use>({
  driver,
  dialect,
  runBy,
  use,
}: KnexLibrary<Connection, Run, Use>): ClientLibrary<Use> {
  return (client) => {
    if (!isKnex(client)) return undefined;
    if (client.isTransaction === true) return { mistake: 'is a transaction of Knex: give the instance that began it' };
    // All of it is on every instance; the public type asks for no more than tells one.
    const instance = client as unknown as KnexTransactions<Connection>;
    const { client: inside } = instance;
    return inside.driverName === driver && inside.dialect === dialect
      ? { use: () => use(sqlClientOf(instance, runBy), instance) }
      : { mistake: `is a Knex instance of '${inside.driverName ?? inside.dialect}', and has to be one of '${driver}'` };
  };
}

function sqlClientOf<Connection, Run>(
  instance: KnexTransactions<Connection>,
  runBy: RunBy<Connection, Run>,
): SqlClient<Run> {
  const { pool, config } = instance.client;
  const runOn = ({ client }: KnexTransactions<Connection>): Run =>
    runBy(async (use) => use(await client.acquireConnection()));
  return {
    poolSize: pool?.max ?? config?.connectionPool?.options?.max,
    handleName: 'a transaction of its Knex instance that is still open',
    run: runBy(lending(instance.client)),
    transaction: (work) =>
      instance.transaction((transaction) => work(runOn(transaction), transaction), {
        isolationLevel: 'read committed',
      }),
    within: (handle) => (isTransactionOf(handle, instance) ? runOn(handle) : undefined),
  };
}

function lending<Connection>(client: KnexClient<Connection>): OnConnection<Connection> {
  return async (use) => {
    const connection = await client.acquireConnection();
    try {
      return await use(connection);
    } finally {
      await client.releaseConnection(connection);
    }
  };
}

/** Tells an instance by what it has and no other library's handle does. */
function isKnex(client: object): client is KnexInstance {
  return typeof client === 'function' && 'raw' in client && 'batchInsert' in client && 'client' in client;
}

/** Tells a transaction of `instance` that has not ended yet. */
function isTransactionOf<Connection>(
  handle: unknown,
  instance: KnexTransactions<Connection>,
): handle is KnexTransactions<Connection> {
  if (typeof handle !== 'function' || !isKnex(handle) || handle.isTransaction !== true) return false;
  const transaction = handle as unknown as KnexTransactions<Connection>;
  return transaction.client.config === instance.client.config && transaction.isCompleted?.() === false;
}
