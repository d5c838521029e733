import type { ClientLibrary } from './client-library.js';
import type { RunBy, SqlClient } from './sql-client.js';

/** What a database of Drizzle (0.36 or later) is to a storage. */
export interface DrizzleDatabase {
  /** The driver's own client or pool. */
  readonly $client: unknown;
  /** What Drizzle keeps for itself and for extensions: the session, among other things. */
  readonly _: unknown;
}

/** A database with its transactions. */
interface DrizzleTransactions<Connection extends object> {
  readonly dialect: unknown;
  transaction<T>(
    work: (transaction: DrizzleTransaction<Connection>) => Promise<T>,
    options: { readonly isolationLevel: 'read committed' },
  ): Promise<T>;
}

interface DrizzleTransaction<Connection> {
  /** The one of its database. */
  readonly dialect: unknown;
  readonly session: DrizzleSession<Connection>;
}

/** Of one transaction alone. */
interface DrizzleSession<Connection> {
  /** The connection that the transaction has for itself. Queries take it from here when they are prepared. */
  client: Connection;
}

/** Transactions of Drizzle: the rest is done on the pool. */
export type DrizzleClient<Run> = Pick<SqlClient<Run>, 'handleName' | 'transaction' | 'within'>;

/** How a storage uses Drizzle over the pools of one driver. */
export interface DrizzleLibrary<Connection extends object, Pool extends object, Run, Use> {
  /** `NodePg` of `NodePgDatabase` and `NodePgTransaction`, as Drizzle calls its classes. */
  readonly kind: 'NodePg' | 'MySql2';
  /** Where Drizzle makes such a database. */
  readonly entry: 'drizzle-orm/node-postgres' | 'drizzle-orm/mysql2';
  /** Tells a pool from a single connection. */
  readonly isPool: (client: object) => client is Pool;
  /** What is said of a database over a single connection. */
  readonly single: string;
  readonly runBy: RunBy<Connection, Run>;
  readonly use: (client: DrizzleClient<Run>, pool: Pool) => Use;
}

/** A database of Drizzle. Statements go straight to its pool; transactions are Drizzle's own. */
export function drizzleLibrary<Connection extends object, Pool extends object, Run, Use>(
  library: DrizzleLibrary<Connection, Pool, Run, Use>,
): ClientLibrary<Use> {
  const { kind, entry, isPool, single, runBy, use } = library;
  return (client) => {
    const found = kindOf(client);
    if (found === undefined) return undefined;
    if (found === `${kind}Transaction`) {
      return { mistake: 'is a transaction of Drizzle: give the database that began it' };
    }
    if (found !== `${kind}Database` || !isDatabase<Connection>(client)) {
      return { mistake: `is a ${found} of Drizzle, and has to be a database of '${entry}'` };
    }
    const { $client: pool } = client;
    return isPool(pool)
      ? { use: () => use(transactionsOn(client, { transactionKind: `${kind}Transaction`, runBy }), pool) }
      : { mistake: `is a database of Drizzle over ${single}` };
  };
}

const ENTITY_KIND = Symbol.for('drizzle:entityKind');

/** The name that Drizzle gives the class of a database or transaction, `NodePgDatabase` for one; `undefined`: it is not Drizzle's. */
function kindOf(client: object): string | undefined {
  const { constructor } = client as { readonly constructor?: { readonly [ENTITY_KIND]?: unknown } };
  const kind = constructor?.[ENTITY_KIND];
  return typeof kind === 'string' ? kind : undefined;
}

function isDatabase<Connection extends object>(
  client: object,
): client is DrizzleTransactions<Connection> & { readonly $client: object } {
  return '$client' in client && typeof client.$client === 'object' && 'transaction' in client;
}

function transactionsOn<Connection extends object, Run>(
  database: DrizzleTransactions<Connection>,
  { transactionKind, runBy }: { readonly transactionKind: string; readonly runBy: RunBy<Connection, Run> },
): DrizzleClient<Run> {
  const runOn = ({ session }: DrizzleTransaction<Connection>): Run => runBy((use) => use(session.client));
  const isTransaction = (handle: unknown): handle is DrizzleTransaction<Connection> =>
    typeof handle === 'object' &&
    handle !== null &&
    kindOf(handle) === transactionKind &&
    (handle as DrizzleTransaction<Connection>).dialect === database.dialect;
  return {
    handleName: 'a transaction of its Drizzle database that is still open',
    async transaction(work) {
      let end: (() => void) | undefined;
      try {
        return await database.transaction(
          (transaction) => {
            end = untilItEnds(transaction.session);
            return work(runOn(transaction), transaction);
          },
          { isolationLevel: 'read committed' },
        );
      } finally {
        end?.();
      }
    },
    within: (handle) => (isTransaction(handle) ? runOn(handle) : undefined),
  };
}

/** Drizzle would go on writing after the end, and run queries that were prepared before it, on a connection that somebody else may have by now. */
function untilItEnds(session: DrizzleSession<object>): () => void {
  let isOver = false;
  session.client = new Proxy(session.client, {
    get(connection, name) {
      if (isOver) throw new Error('The transaction is over: await everything that is written in it.');
      const value: unknown = Reflect.get(connection, name, connection);
      return typeof value === 'function'
        ? (...given: unknown[]): unknown => Reflect.apply(value, connection, given)
        : value;
    },
  });
  return () => {
    isOver = true;
  };
}
