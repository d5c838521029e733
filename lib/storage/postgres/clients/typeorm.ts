import { typeOrmLibrary, type TypeOrmDataSource } from '../../sql/clients/typeorm.js';
import {
  lendListener,
  libraryClient,
  poolRun,
  runBy,
  type RunStatement,
  type StatementClient,
} from '../pool-client.js';
import type { PostgresPool, PostgresPoolClient } from '../postgres-client.js';

/** A DataSource of TypeORM over `pg`. */
export const typeOrm = typeOrmLibrary<PostgresPoolClient, RunStatement, StatementClient>({
  storage: 'PostgresSagaStorage',
  types: ['postgres'],
  runBy,
  use: (transactions, dataSource) =>
    libraryClient(
      {
        ...transactions,
        poolSize: dataSource.isInitialized ? poolOf(dataSource).options?.max : undefined,
        run: async (...statement) => poolRun(poolOf(dataSource))(...statement),
      },
      { prepares: true, lend: async () => lendListener(poolOf(dataSource)) },
    ),
});

/** Looked up each time: whoever destroys a DataSource and initializes it again gives it another pool. */
function poolOf({ driver }: TypeOrmDataSource): PostgresPool {
  const { master } = driver as { readonly master?: PostgresPool };
  if (master === undefined) throw new Error('The DataSource has been destroyed.');
  return master;
}
