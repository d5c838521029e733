import { drizzleKind, type DrizzleDatabase } from '../../sql/clients/drizzle.js';
import type { MysqlQuery } from '../mysql-client.js';
import type { StatementClient } from '../pool-client.js';
import type { ClientLibrary } from './client-library.js';
import { poolSizeOf } from '../pool-size.js';
import { queryOn, type CallbackRunner, type MysqlRunner } from './raw-connection.js';

/** A database of Drizzle over a pool of `mysql2`. Statements go straight to the pool; transactions are Drizzle's own. */
export const drizzle: ClientLibrary = (client) => {
  const kind = drizzleKind(client);
  if (kind === undefined) return undefined;
  if (kind === 'MySql2Transaction') return { mistake: 'is a transaction of Drizzle: give the database that began it' };
  if (kind !== 'MySql2Database' || !isMySql2Database(client)) {
    return { mistake: `is a ${kind} of Drizzle, and has to be a database of 'drizzle-orm/mysql2'` };
  }
  return 'getConnection' in client.$client
    ? { use: () => statementClientOf(client) }
    : {
        mistake:
          'is a database of Drizzle over a single connection, and sagas need several: make it of a pool of mysql2',
      };
};

interface MySql2Database extends DrizzleDatabase {
  readonly $client: MysqlRunner | CallbackRunner;
  readonly dialect: unknown;
  transaction<T>(
    work: (transaction: MySql2Transaction) => Promise<T>,
    options: { readonly isolationLevel: 'read committed' },
  ): Promise<T>;
}

interface MySql2Transaction {
  /** The one of its database. */
  readonly dialect: unknown;
  readonly session: MySql2Session;
}

/** Of one transaction. */
interface MySql2Session {
  /** The connection that the transaction has for itself. */
  client: MysqlRunner;
  prepareQuery: () => unknown;
}

function isMySql2Database(client: object): client is MySql2Database {
  return '$client' in client && 'transaction' in client;
}

function isTransactionOf(handle: unknown, { dialect }: MySql2Database): handle is MySql2Transaction {
  if (typeof handle !== 'object' || handle === null || drizzleKind(handle) !== 'MySql2Transaction') return false;
  return (handle as MySql2Transaction).dialect === dialect;
}

function statementClientOf(database: MySql2Database): StatementClient {
  return {
    poolSize: poolSizeOf(database.$client),
    handleName: 'a transaction of its Drizzle database that is still open',
    run: queryOn(database.$client),
    transaction: (work) => transactionOn(database, work),
    within: (handle) => (isTransactionOf(handle, database) ? queryOn(handle.session.client) : undefined),
  };
}

async function transactionOn<T>(
  database: MySql2Database,
  work: (run: MysqlQuery, handle: unknown) => Promise<T>,
): Promise<T> {
  let session: MySql2Session | undefined;
  try {
    return await database.transaction(
      async (transaction) => {
        ({ session } = transaction);
        return work(queryOn(session.client), transaction);
      },
      { isolationLevel: 'read committed' },
    );
  } finally {
    if (session !== undefined) end(session);
  }
}

/** Drizzle would go on writing, on a connection that somebody else may have by now. The session is this transaction's alone. */
function end(session: MySql2Session): void {
  const over = (): never => {
    throw new Error('The transaction is over: await everything that is written in it.');
  };
  session.client = { query: over };
  session.prepareQuery = over;
}
