/** What a `Kysely` instance (0.26 or later) is to a storage. */
export interface KyselyDatabase {
  /** Whether it is a transaction of another instance. */
  readonly isTransaction: boolean;
  /** Knows the dialect. */
  getExecutor(): { readonly adapter: KyselyAdapter };
  /** The same database, whose statements and results no plugin changes. */
  withoutPlugins(): object;
}

/** What Kysely knows of a dialect. */
export interface KyselyAdapter {
  readonly supportsReturning: boolean;
  readonly supportsTransactionalDdl: boolean;
}

/** Runs statements: a `Kysely` instance or one of its transactions. */
export interface KyselyRunner {
  withoutPlugins(): KyselyRunner;
  executeQuery(query: KyselyQuery): Promise<KyselyResult>;
}

/** What a statement gives. */
export interface KyselyResult {
  readonly rows: readonly unknown[];
  readonly numAffectedRows?: bigint;
}

/** A statement as Kysely has compiled it: its text, its parameters, and what it was compiled from, for plugins. */
export interface KyselyQuery {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly query: {
    readonly kind: 'RawNode';
    readonly sqlFragments: readonly string[];
    readonly parameters: readonly never[];
  };
  readonly queryId: { readonly queryId: string };
}

/** An instance with its transactions. */
export interface KyselyTransactions extends KyselyRunner {
  transaction(): {
    setIsolationLevel(level: 'read committed'): {
      execute<T>(work: (transaction: KyselyRunner) => Promise<T>): Promise<T>;
    };
  };
}

/** Tells an instance by what it has and no other library's handle does. */
export function isKysely(client: object): client is KyselyDatabase {
  return 'getExecutor' in client && 'withoutPlugins' in client && 'isTransaction' in client;
}

/** Tells a transaction of `database`: it has the dialect's adapter in common with it. */
export function isKyselyTransaction(
  handle: unknown,
  database: KyselyDatabase,
): handle is KyselyDatabase & KyselyRunner {
  if (typeof handle !== 'object' || handle === null || !isKysely(handle) || !handle.isTransaction) return false;
  return handle.getExecutor().adapter === database.getExecutor().adapter;
}

/** Whose SQL the instance speaks, by what its dialect can do; each of Kysely's own dialects differs in these two. */
export function dialectOfKysely(database: KyselyDatabase): 'PostgreSQL' | 'MySQL' | 'SQLite' | 'SQL Server' {
  const { supportsReturning, supportsTransactionalDdl } = database.getExecutor().adapter;
  if (supportsReturning) return supportsTransactionalDdl ? 'PostgreSQL' : 'SQLite';
  return supportsTransactionalDdl ? 'SQL Server' : 'MySQL';
}

/** A statement that is sent as it stands. */
export function kyselyQuery(sql: string, parameters: readonly unknown[]): KyselyQuery {
  const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] } as const;
  return { sql, parameters, query, queryId: { queryId: 'nest-saga' } };
}
