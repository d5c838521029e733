import {
  isKnex,
  isKnexTransaction,
  poolSizeOfKnex,
  type KnexInstance,
  type KnexTransactions,
} from '../../sql/clients/knex.js';
import { settingsOf, type LentListener, type StatementClient } from '../pool-client.js';
import type { PostgresPoolClient } from '../postgres-client.js';
import type { ClientLibrary } from './client-library.js';

/**
 * A Knex instance over `pg`. Statements run on the driver's own connections, which Knex lends: `?` means something to Knex and `$1` does
 * not, and so they can be prepared.
 */
export const knex: ClientLibrary = (client) => {
  if (!isKnex(client)) return undefined;
  if (client.isTransaction === true) return { mistake: 'is a transaction of Knex: give the instance that began it' };
  const { client: inside } = transactionsOf(client);
  return inside.driverName === 'pg' && inside.dialect === 'postgresql'
    ? { use: () => statementClientOf(transactionsOf(client)) }
    : { mistake: `is a Knex instance of '${inside.driverName ?? inside.dialect}', and has to be one of 'pg'` };
};

/** All of it is on every instance; the public type asks for no more than tells one. */
function transactionsOf(instance: KnexInstance): KnexTransactions<PostgresPoolClient> {
  return instance as unknown as KnexTransactions<PostgresPoolClient>;
}

function statementClientOf(instance: KnexTransactions<PostgresPoolClient>): StatementClient {
  return {
    prepares: true,
    get poolSize() {
      return poolSizeOfKnex(instance);
    },
    handleName: 'a transaction of its Knex instance that is still open',
    async run(statement) {
      const connection = await instance.client.acquireConnection();
      try {
        return await connection.query(statement);
      } finally {
        await instance.client.releaseConnection(connection);
      }
    },
    transaction: (work, beginning) =>
      instance.transaction(
        async (transaction) => {
          const connection = await transaction.client.acquireConnection();
          // Knex listens on connections that it has made, but not on those of a pool that it was given.
          connection.on?.('error', ignore);
          try {
            for (const text of settingsOf(beginning)) await connection.query({ text, values: [] });
            return await work((statement) => connection.query(statement), transaction);
          } finally {
            connection.off?.('error', ignore);
          }
        },
        { isolationLevel: 'read committed' },
      ),
    within: (handle) =>
      isKnexTransaction(handle, instance)
        ? async (statement) => (await handle.client.acquireConnection()).query(statement)
        : undefined,
    lend: () => lendListener(instance),
    watch: () => undefined,
    unwatch: () => undefined,
  };
}

/** By this mark Knex throws a connection away, instead of lending it again. */
interface KnexConnection extends PostgresPoolClient {
  __knex__disposed?: unknown;
  end(): Promise<unknown>;
}

async function lendListener({ client: inside }: KnexTransactions<PostgresPoolClient>): Promise<LentListener> {
  const connection = (await inside.acquireConnection()) as KnexConnection;
  return {
    client: connection,
    isWantedBack: () => inside.pool?.destroyed === true || inside.config?.connectionPool?.ending === true,
    giveBack() {
      connection.__knex__disposed = 'It listens, and nobody else is to get it.';
      void inside.releaseConnection(connection);
      void connection.end().catch(ignore);
    },
  };
}

/** For connections that are lost while nobody uses them. */
function ignore(): void {
  // The next statement tells.
}
