import { drizzleKind, type DrizzleDatabase } from '../../sql/clients/drizzle.js';
import {
  lendListener,
  settingsOf,
  type RunStatement,
  type StatementClient,
  type TransactionBeginning,
} from '../pool-client.js';
import type { PostgresPool, PostgresPoolClient, PostgresResult } from '../postgres-client.js';
import type { ClientLibrary } from './client-library.js';

/** A database of Drizzle over a Pool of `pg`. Statements go straight to the pool; transactions are Drizzle's own. */
export const drizzle: ClientLibrary = (client) => {
  const kind = drizzleKind(client);
  if (kind === undefined) return undefined;
  if (kind === 'NodePgTransaction') return { mistake: 'is a transaction of Drizzle: give the database that began it' };
  if (kind !== 'NodePgDatabase' || !isNodePgDatabase(client)) {
    return { mistake: `is a ${kind} of Drizzle, and has to be a database of 'drizzle-orm/node-postgres'` };
  }
  return isPool(client.$client)
    ? { use: () => statementClientOf(client) }
    : {
        mistake:
          'is a database of Drizzle over a single Client of pg, and sagas need several connections: make it of a Pool',
      };
};

interface NodePgDatabase extends DrizzleDatabase {
  readonly $client: PostgresPool;
  readonly dialect: unknown;
  transaction<T>(
    work: (transaction: NodePgTransaction) => Promise<T>,
    options: { readonly isolationLevel: 'read committed' },
  ): Promise<T>;
}

interface NodePgTransaction {
  /** The one of its database. */
  readonly dialect: unknown;
  readonly _: { readonly session: NodePgSession };
}

interface NodePgSession {
  /** The connection, of which Drizzle does not hear that it is lost. */
  readonly client?: Pick<PostgresPoolClient, 'on' | 'off'>;
  prepareQuery: (
    query: { readonly sql: string; readonly params: readonly unknown[] },
    fields: undefined,
    name: string | undefined,
    inArrays: false,
  ) => { execute(): Promise<PostgresResult> };
}

function isNodePgDatabase(client: object): client is NodePgDatabase {
  return '$client' in client && 'transaction' in client;
}

function isTransactionOf(handle: unknown, { dialect }: NodePgDatabase): handle is NodePgTransaction {
  if (typeof handle !== 'object' || handle === null || drizzleKind(handle) !== 'NodePgTransaction') return false;
  return (handle as NodePgTransaction).dialect === dialect;
}

function isPool(client: object): boolean {
  return 'totalCount' in client && 'connect' in client;
}

function statementClientOf(database: NodePgDatabase): StatementClient {
  return {
    prepares: true,
    poolSize: database.$client.options?.max,
    handleName: 'a transaction of its Drizzle database that is still open',
    run: (statement) => database.$client.query(statement),
    transaction: (work, beginning) => transactionOn(database, work, beginning),
    within: (handle) => (isTransactionOf(handle, database) ? runOn(handle._.session) : undefined),
    lend: () => lendListener(database.$client),
    watch: () => database.$client.on?.('error', ignore),
    unwatch: () => database.$client.off?.('error', ignore),
  };
}

async function transactionOn<T>(
  database: NodePgDatabase,
  work: (run: RunStatement, handle: unknown) => Promise<T>,
  beginning: TransactionBeginning | undefined,
): Promise<T> {
  let session: NodePgSession | undefined;
  try {
    return await database.transaction(
      async (transaction) => {
        ({ session } = transaction._);
        session.client?.on?.('error', ignore);
        const run = runOn(session);
        for (const text of settingsOf(beginning)) await run({ text, values: [] });
        return work(run, transaction);
      },
      { isolationLevel: 'read committed' },
    );
  } finally {
    if (session !== undefined) end(session);
  }
}

/** Drizzle would go on writing, on a connection that somebody else may have by now. The session is this transaction's alone. */
function end(session: NodePgSession): void {
  session.client?.off?.('error', ignore);
  session.prepareQuery = () => {
    throw new Error('The transaction is over: await everything that is written in it.');
  };
}

function runOn(session: NodePgSession): RunStatement {
  return ({ text, values, name }) =>
    session.prepareQuery({ sql: text, params: values }, undefined, name, false).execute();
}

/** For connections that are lost while nobody uses them. */
function ignore(): void {
  // Whoever uses the connection next is told.
}
