import { SagaConfigurationError } from '../../../errors/saga-configuration-error.js';
import { isTypeOrmDataSource, type TypeOrmDataSource } from '../../sql/clients/typeorm.js';
import type { MysqlQuery } from '../mysql-client.js';
import type { StatementClient } from '../pool-client.js';
import type { ClientLibrary } from './client-library.js';
import { queryOn, type CallbackRunner } from './raw-connection.js';

/**
 * A DataSource of TypeORM over `mysql2`. Statements go straight to its pool, so that they do not fill the application's query log; where it
 * has replicas, to a connection of the primary server. Transactions are TypeORM's own.
 */
export const typeOrm: ClientLibrary = (client) => {
  if (!isTypeOrmDataSource(client)) return undefined;
  const { type } = client.options;
  return type === 'mysql' || type === 'mariadb'
    ? { use: () => statementClientOf(client) }
    : { mistake: `is a TypeORM DataSource of type '${type}', and has to be one of type 'mysql' or 'mariadb'` };
};

function statementClientOf(dataSource: TypeOrmDataSource): StatementClient {
  return {
    open: () => {
      if (!dataSource.isInitialized) throw notInitialized();
    },
    run: (sql, values) => runOn(dataSource, sql, values),
    transaction: (work) =>
      dataSource.manager.transaction('READ COMMITTED', async ({ queryRunner }) => {
        if (queryRunner === undefined) throw new Error('TypeORM gave a transaction without a connection.');
        return work(queryOn((await queryRunner.connect()) as CallbackRunner));
      }),
  };
}

/** The pool is looked up each time: whoever destroys a DataSource and initializes it again gives it another one. */
async function runOn(dataSource: TypeOrmDataSource, ...statement: Parameters<MysqlQuery>): ReturnType<MysqlQuery> {
  const { pool } = dataSource.driver as { readonly pool?: CallbackRunner };
  if (pool !== undefined) return queryOn(pool)(...statement);
  if (!dataSource.isInitialized) throw new Error('The DataSource has been destroyed.');
  const runner = (dataSource as TypeOrmDataSource & QueryRunners).createQueryRunner('master');
  try {
    return await queryOn(await runner.connect())(...statement);
  } finally {
    await runner.release();
  }
}

/** On every DataSource; the public type asks for no more than tells one. */
interface QueryRunners {
  createQueryRunner(mode: 'master'): { connect(): Promise<CallbackRunner>; release(): Promise<void> };
}

function notInitialized(): SagaConfigurationError {
  return new SagaConfigurationError([
    'MysqlSagaStorage: the DataSource is not initialized. Await its `initialize()` before the application starts, or have it ' +
      'injected (`SagaModule.forRootAsync({ inject: [DataSource], … })`), so that Nest waits for it.',
  ]);
}
