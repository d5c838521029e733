import { SagaConfigurationError } from '../../../errors/saga-configuration-error.js';
import {
  isTypeOrmDataSource,
  isTypeOrmTransaction,
  type TypeOrmDataSource,
  type TypeOrmManager,
} from '../../sql/clients/typeorm.js';
import type { MysqlQuery } from '../mysql-client.js';
import type { StatementClient } from '../pool-client.js';
import type { ClientLibrary } from './client-library.js';
import { poolSizeOf } from '../pool-size.js';
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
    get poolSize() {
      return poolSizeOf(poolOf(dataSource));
    },
    handleName: 'the EntityManager of a transaction of its DataSource that is still open',
    run: (sql, values) => runOn(dataSource, sql, values),
    transaction: (work) =>
      dataSource.manager.transaction('READ COMMITTED', async (manager) =>
        work(queryOn(await connectionOf(manager)), manager),
      ),
    within: (handle) =>
      isTypeOrmTransaction(handle, dataSource)
        ? async (sql, values) => queryOn(await connectionOf(handle))(sql, values)
        : undefined,
  };
}

async function connectionOf({ queryRunner }: TypeOrmManager): Promise<CallbackRunner> {
  if (queryRunner === undefined) throw new Error('TypeORM gave a transaction without a connection.');
  return (await queryRunner.connect()) as CallbackRunner;
}

function poolOf({ driver }: TypeOrmDataSource): CallbackRunner | undefined {
  return (driver as { readonly pool?: CallbackRunner }).pool;
}

/** The pool is looked up each time: whoever destroys a DataSource and initializes it again gives it another one. */
async function runOn(dataSource: TypeOrmDataSource, ...statement: Parameters<MysqlQuery>): ReturnType<MysqlQuery> {
  const pool = poolOf(dataSource);
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
