import {
  dialectOfKysely,
  isKysely,
  isKyselyTransaction,
  kyselyQuery,
  type KyselyDatabase,
  type KyselyRunner,
  type KyselyTransactions,
} from '../../sql/clients/kysely.js';
import type { MysqlQuery } from '../mysql-client.js';
import type { StatementClient } from '../pool-client.js';
import type { ClientLibrary } from './client-library.js';

/** A Kysely instance of MySQL. Statements go through it without its plugins, which would rename our columns. */
export const kysely: ClientLibrary = (client) => {
  if (!isKysely(client)) return undefined;
  if (client.isTransaction) return { mistake: 'is a transaction of Kysely: give the instance that began it' };
  const dialect = dialectOfKysely(client);
  return dialect === 'MySQL'
    ? { use: () => statementClientOf(client) }
    : { mistake: `is a Kysely instance of ${dialect}, and has to be one of MySQL` };
};

function statementClientOf(database: KyselyDatabase): StatementClient {
  // All of it is on every instance; the public type asks for no more than tells one.
  const transactions = database as KyselyDatabase & KyselyTransactions;
  return {
    poolSize: undefined,
    handleName: 'a transaction of its Kysely instance that is still open',
    run: runOn(transactions),
    transaction: (work) =>
      transactions
        .transaction()
        .setIsolationLevel('read committed')
        .execute((transaction) => work(runOn(transaction), transaction)),
    within: (handle) => (isKyselyTransaction(handle, database) ? runOn(handle) : undefined),
  };
}

function runOn(runner: KyselyRunner): MysqlQuery {
  const plain = runner.withoutPlugins();
  return async (sql, values) => {
    const { rows, numAffectedRows = 0n } = await plain.executeQuery(kyselyQuery(sql, values));
    return { rows, affectedRows: Number(numAffectedRows) };
  };
}
