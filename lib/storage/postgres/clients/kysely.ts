import {
  dialectOfKysely,
  isKysely,
  isKyselyTransaction,
  kyselyQuery,
  type KyselyDatabase,
  type KyselyRunner,
  type KyselyTransactions,
} from '../../sql/clients/kysely.js';
import { settingsOf, type RunStatement, type StatementClient } from '../pool-client.js';
import type { ClientLibrary } from './client-library.js';

/**
 * A Kysely instance of PostgreSQL, whatever its driver. Statements go through it without its plugins, which would rename our
 * columns. Kysely keeps its connections to itself, so nothing is prepared.
 */
export const kysely: ClientLibrary = (client) => {
  if (!isKysely(client)) return undefined;
  if (client.isTransaction) return { mistake: 'is a transaction of Kysely: give the instance that began it' };
  const dialect = dialectOfKysely(client);
  return dialect === 'PostgreSQL'
    ? { use: () => statementClientOf(client) }
    : { mistake: `is a Kysely instance of ${dialect}, and has to be one of PostgreSQL` };
};

function statementClientOf(database: KyselyDatabase): StatementClient {
  // All of it is on every instance; the public type asks for no more than tells one.
  const transactions = database as KyselyDatabase & KyselyTransactions;
  return {
    prepares: false,
    poolSize: undefined,
    handleName: 'a transaction of its Kysely instance that is still open',
    run: runOn(transactions),
    transaction: (work, beginning) =>
      transactions
        .transaction()
        .setIsolationLevel('read committed')
        .execute(async (transaction) => {
          const run = runOn(transaction);
          for (const text of settingsOf(beginning)) await run({ text, values: [] });
          return work(run, transaction);
        }),
    within: (handle) => (isKyselyTransaction(handle, database) ? runOn(handle) : undefined),
    watch: () => undefined,
    unwatch: () => undefined,
  };
}

function runOn(runner: KyselyRunner): RunStatement {
  const plain = runner.withoutPlugins();
  return ({ text, values }) => plain.executeQuery(kyselyQuery(text, values));
}
