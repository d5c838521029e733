import { drizzleKind, type DrizzleDatabase } from '../../sql/clients/drizzle.js';
import type { StatementClient } from '../pool-client.js';
import type { ClientLibrary } from './client-library.js';
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
  transaction<T>(
    work: (transaction: MySql2Transaction) => Promise<T>,
    options: { readonly isolationLevel: 'read committed' },
  ): Promise<T>;
}

interface MySql2Transaction {
  /** Its `client` is the connection that the transaction has for itself. */
  readonly session: { readonly client: MysqlRunner };
}

function isMySql2Database(client: object): client is MySql2Database {
  return '$client' in client && 'transaction' in client;
}

function statementClientOf(database: MySql2Database): StatementClient {
  return {
    run: queryOn(database.$client),
    transaction: (work) =>
      database.transaction(async ({ session }) => work(queryOn(session.client)), { isolationLevel: 'read committed' }),
  };
}
