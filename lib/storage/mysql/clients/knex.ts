import {
  isKnex,
  isKnexTransaction,
  poolSizeOfKnex,
  type KnexInstance,
  type KnexTransactions,
} from '../../sql/clients/knex.js';
import type { StatementClient } from '../pool-client.js';
import type { ClientLibrary } from './client-library.js';
import { queryOn, type CallbackRunner } from './raw-connection.js';

/** A Knex instance over `mysql2`. Statements run on the driver's own connections, which Knex lends, as they stand. */
export const knex: ClientLibrary = (client) => {
  if (!isKnex(client)) return undefined;
  if (client.isTransaction === true) return { mistake: 'is a transaction of Knex: give the instance that began it' };
  const { client: inside } = transactionsOf(client);
  return inside.driverName === 'mysql2'
    ? { use: () => statementClientOf(transactionsOf(client)) }
    : { mistake: `is a Knex instance of '${inside.driverName ?? inside.dialect}', and has to be one of 'mysql2'` };
};

/** All of it is on every instance; the public type asks for no more than tells one. */
function transactionsOf(instance: KnexInstance): KnexTransactions<CallbackRunner> {
  return instance as unknown as KnexTransactions<CallbackRunner>;
}

function statementClientOf(instance: KnexTransactions<CallbackRunner>): StatementClient {
  return {
    get poolSize() {
      return poolSizeOfKnex(instance);
    },
    handleName: 'a transaction of its Knex instance that is still open',
    async run(sql, values) {
      const connection = await instance.client.acquireConnection();
      try {
        return await queryOn(connection)(sql, values);
      } finally {
        await instance.client.releaseConnection(connection);
      }
    },
    transaction: (work) =>
      instance.transaction(
        async (transaction) => work(queryOn(await transaction.client.acquireConnection()), transaction),
        {
          isolationLevel: 'read committed',
        },
      ),
    within: (handle) =>
      isKnexTransaction(handle, instance)
        ? async (sql, values) => queryOn(await handle.client.acquireConnection())(sql, values)
        : undefined,
  };
}
