import { SagaConfigurationError } from '../../../errors/saga-configuration-error.js';
import {
  isTypeOrmDataSource,
  isTypeOrmTransaction,
  type TypeOrmDataSource,
  type TypeOrmManager,
} from '../../sql/clients/typeorm.js';
import { lendListener, settingsOf, type StatementClient } from '../pool-client.js';
import type { PostgresPool, PostgresPoolClient } from '../postgres-client.js';
import type { ClientLibrary } from './client-library.js';

/**
 * A DataSource of TypeORM. Statements go straight to its pool of `pg` (of the primary server, where there are replicas), so that they
 * can be prepared and do not fill the application's query log; transactions are TypeORM's own.
 */
export const typeOrm: ClientLibrary = (client) => {
  if (!isTypeOrmDataSource(client)) return undefined;
  const { type } = client.options;
  return type === 'postgres'
    ? { use: () => statementClientOf(client) }
    : { mistake: `is a TypeORM DataSource of type '${type}', and has to be one of type 'postgres'` };
};

function statementClientOf(dataSource: TypeOrmDataSource): StatementClient {
  return {
    prepares: true,
    get poolSize() {
      return dataSource.isInitialized ? poolOf(dataSource).options?.max : undefined;
    },
    handleName: 'the EntityManager of a transaction of its DataSource that is still open',
    run: async (statement) => poolOf(dataSource).query(statement),
    transaction: (work, beginning) =>
      dataSource.manager.transaction('READ COMMITTED', async (manager) => {
        const connection = await connectionOf(manager);
        for (const text of settingsOf(beginning)) await connection.query({ text, values: [] });
        return work((statement) => connection.query(statement), manager);
      }),
    lend: async () => lendListener(poolOf(dataSource)),
    within: (handle) =>
      isTypeOrmTransaction(handle, dataSource)
        ? async (statement) => (await connectionOf(handle)).query(statement)
        : undefined,
    watch: () => {
      if (!dataSource.isInitialized) throw notInitialized();
    },
    unwatch: () => undefined,
  };
}

/** Looked up each time: whoever destroys a DataSource and initializes it again gives it another pool. */
function poolOf({ driver }: TypeOrmDataSource): PostgresPool {
  const { master } = driver as { readonly master?: PostgresPool };
  if (master === undefined) throw new Error('The DataSource has been destroyed.');
  return master;
}

async function connectionOf({ queryRunner }: TypeOrmManager): Promise<PostgresPoolClient> {
  if (queryRunner === undefined) throw new Error('TypeORM gave a transaction without a connection.');
  return (await queryRunner.connect()) as PostgresPoolClient;
}

function notInitialized(): SagaConfigurationError {
  return new SagaConfigurationError([
    'PostgresSagaStorage: the DataSource is not initialized. Await its `initialize()` before the application starts, or have it ' +
      'injected (`SagaModule.forRootAsync({ inject: [DataSource], … })`), so that Nest waits for it.',
  ]);
}
