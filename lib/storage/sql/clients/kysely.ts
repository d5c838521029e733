import type { ClientLibrary } from './client-library.js';
import type { SqlClient } from './sql-client.js';

/** What a `Kysely` instance (0.26 or later) is to a storage. */
export interface KyselyDatabase {
  /** Whether it is a transaction of another instance. */
  readonly isTransaction: boolean;
  /** Knows the dialect. */
  getExecutor(): {
    /** Shared by an instance and its transactions. */
    readonly adapter: KyselyAdapter;
  };
  /** The same database, whose statements and results no plugin changes. */
  withoutPlugins(): object;
}

/** What Kysely knows of a dialect. */
export interface KyselyAdapter {
  /** True of PostgreSQL and SQLite. */
  readonly supportsReturning: boolean;
  /** True of PostgreSQL and SQL Server. */
  readonly supportsTransactionalDdl: boolean;
}

/** Runs statements: a `Kysely` instance or one of its transactions. */
interface KyselyRunner {
  withoutPlugins(): KyselyRunner;
  executeQuery(query: KyselyQuery): Promise<KyselyResult>;
}

/** What a statement gives. */
export interface KyselyResult {
  readonly rows: readonly unknown[];
  readonly numAffectedRows?: bigint;
}

/** A statement as Kysely has compiled it: its text, its parameters, and what it was compiled from, for plugins. */
interface KyselyQuery {
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
interface KyselyTransactions extends KyselyRunner {
  transaction(): {
    setIsolationLevel(level: 'read committed'): {
      execute<T>(work: (transaction: KyselyRunner) => Promise<T>): Promise<T>;
    };
  };
}

/** Runs a statement as it stands, without plugins. */
export type KyselyExecute = (sql: string, parameters: readonly unknown[]) => Promise<KyselyResult>;

/** How a storage uses Kysely. */
export interface KyselyLibrary<Run, Use> {
  readonly dialect: 'PostgreSQL' | 'MySQL';
  /** Runs the storage's statements. */
  readonly runBy: (execute: KyselyExecute) => Run;
  readonly use: (client: SqlClient<Run>) => Use;
}

/**
 * A Kysely instance, whatever its driver. Statements go through it without its plugins, which would rename the storage's columns. Kysely
 * keeps its connections to itself, so nobody knows how many there are.
 */
export function kyselyLibrary<Run, Use>({ dialect, runBy, use }: KyselyLibrary<Run, Use>): ClientLibrary<Use> {
  return (client) => {
    if (!isKysely(client)) return undefined;
    if (client.isTransaction) return { mistake: 'is a transaction of Kysely: give the instance that began it' };
    const found = dialectOf(client);
    return found === dialect
      ? { use: () => use(sqlClientOf(client, runBy)) }
      : { mistake: `is a Kysely instance of ${found}, and has to be one of ${dialect}` };
  };
}

function sqlClientOf<Run>(database: KyselyDatabase, runBy: (execute: KyselyExecute) => Run): SqlClient<Run> {
  // All of it is on every instance; the public type asks for no more than tells one.
  const transactions = database as KyselyDatabase & KyselyTransactions;
  const runOn = (runner: KyselyRunner): Run => {
    const plain = runner.withoutPlugins();
    return runBy((sql, parameters) => plain.executeQuery(kyselyQuery(sql, parameters)));
  };
  return {
    poolSize: undefined,
    handleName: 'a transaction of its Kysely instance that is still open',
    run: runOn(transactions),
    transaction: (work) =>
      transactions
        .transaction()
        .setIsolationLevel('read committed')
        .execute((transaction) => work(runOn(transaction), transaction)),
    within: (handle) => (isTransactionOf(handle, database) ? runOn(handle) : undefined),
  };
}

/** Tells an instance by what it has and no other library's handle does. */
function isKysely(client: object): client is KyselyDatabase {
  return 'getExecutor' in client && 'withoutPlugins' in client && 'isTransaction' in client;
}

/** Tells a transaction of `database`: it has the dialect's adapter in common with it. */
function isTransactionOf(handle: unknown, database: KyselyDatabase): handle is KyselyDatabase & KyselyRunner {
  if (typeof handle !== 'object' || handle === null || !isKysely(handle) || !handle.isTransaction) return false;
  return handle.getExecutor().adapter === database.getExecutor().adapter;
}

/** Whose SQL the instance speaks, by what its dialect can do; each of Kysely's own dialects differs in these two. */
function dialectOf(database: KyselyDatabase): 'PostgreSQL' | 'MySQL' | 'SQLite' | 'SQL Server' {
  const { supportsReturning, supportsTransactionalDdl } = database.getExecutor().adapter;
  if (supportsReturning) return supportsTransactionalDdl ? 'PostgreSQL' : 'SQLite';
  return supportsTransactionalDdl ? 'SQL Server' : 'MySQL';
}

/** A statement that is sent as it stands. */
function kyselyQuery(sql: string, parameters: readonly unknown[]): KyselyQuery {
  const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] } as const;
  return { sql, parameters, query, queryId: { queryId: 'nest-saga' } };
}
