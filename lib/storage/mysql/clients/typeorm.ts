import { typeOrmLibrary, type TypeOrmDataSource } from '../../sql/clients/typeorm.js';
import type { MysqlQuery } from '../mysql-client.js';
import type { StatementClient } from '../pool-client.js';
import { poolSizeOf } from '../pool-size.js';
import { queryOn, runBy, type CallbackRunner } from './driver-connection.js';

/** A DataSource of TypeORM over `mysql2`. Where it has replicas, statements go to a connection of the primary server. */
export const typeOrm = typeOrmLibrary<CallbackRunner, MysqlQuery, StatementClient>({
  storage: 'MysqlSagaStorage',
  types: ['mysql', 'mariadb'],
  runBy,
  use: (transactions, dataSource) => ({
    ...transactions,
    poolSize: poolSizeOf(poolOf(dataSource)),
    run: (sql, values) => runOn(dataSource, sql, values),
  }),
});

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
