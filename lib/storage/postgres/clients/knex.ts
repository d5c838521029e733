import { isKnex, isKnexTransaction, type KnexInstance, type KnexTransactions } from '../../sql/clients/knex.js';
import { settingsOf, type StatementClient } from '../pool-client.js';
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
      return instance.client.pool?.max;
    },
    handleName: 'a transaction of Knex that is still open',
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
      isKnexTransaction<PostgresPoolClient>(handle)
        ? async (statement) => (await handle.client.acquireConnection()).query(statement)
        : undefined,
    watch: () => undefined,
    unwatch: () => undefined,
  };
}

/** For connections that are lost while nobody uses them. */
function ignore(): void {
  // The next statement tells.
}
