import { SagaConfigurationError } from '../../../errors/saga-configuration-error.js';
import type { ClientLibrary } from './client-library.js';
import type { RunBy, SqlClient } from './sql-client.js';

/** What a `DataSource` of TypeORM (0.3 or later) is to a storage. */
export interface TypeOrmDataSource {
  /** False before `initialize()` and after `destroy()`: then there is no pool. */
  readonly isInitialized: boolean;
  /** How it was made. */
  readonly options: {
    /** `'postgres'`, `'mysql'`, `'mariadb'` …: the storage refuses one of another database. */
    readonly type: string;
  };
  /** Holds the pool, each driver in its own way. */
  readonly driver: object;
  /** Begins transactions. */
  readonly manager: {
    /** Runs `work` in one transaction on one connection of the primary server. */
    transaction<T>(isolation: 'READ COMMITTED', work: (manager: TypeOrmManager) => Promise<T>): Promise<T>;
  };
}

/** What the `EntityManager` of a transaction is to a storage. */
export interface TypeOrmManager {
  /** Its DataSource, as TypeORM 1 calls it. */
  readonly dataSource?: unknown;
  /** Its DataSource, as TypeORM 0.3 calls it. */
  readonly connection?: unknown;
  /** The connection that a transaction has for itself. */
  readonly queryRunner?: {
    /** Whether it has been given back. */
    readonly isReleased: boolean;
    /** Whether a transaction is open on it. */
    readonly isTransactionActive: boolean;
    /** Gives the driver's own connection. */
    connect(): Promise<unknown>;
  };
}

/** How a storage uses TypeORM. */
export interface TypeOrmLibrary<Connection, Run, Use> {
  /** The storage's class, for whoever has not initialized the DataSource. */
  readonly storage: string;
  readonly types: readonly string[];
  readonly runBy: RunBy<Connection, Run>;
  readonly use: (client: TypeOrmClient<Run>, dataSource: TypeOrmDataSource) => Use;
}

/** Transactions of TypeORM: the rest is done on its pool, which each driver keeps elsewhere. */
export type TypeOrmClient<Run> = Pick<SqlClient<Run>, 'handleName' | 'transaction' | 'within'> & { open(): void };

/**
 * A DataSource of TypeORM. Statements go straight to its pool (of the primary server, where there are replicas), so that they do not
 * fill the application's query log; transactions are TypeORM's own.
 */
export function typeOrmLibrary<Connection, Run, Use>({
  storage,
  types,
  runBy,
  use,
}: TypeOrmLibrary<Connection, Run, Use>): ClientLibrary<Use> {
  return (client) => {
    if (!isDataSource(client)) return undefined;
    const { type } = client.options;
    if (!types.includes(type)) {
      const names = types.map((name) => `'${name}'`).join(' or ');
      return { mistake: `is a TypeORM DataSource of type '${type}', and has to be one of type ${names}` };
    }
    return { use: () => use(transactionsOn(client, { storage, runBy }), client) };
  };
}

function transactionsOn<Connection, Run>(
  dataSource: TypeOrmDataSource,
  { storage, runBy }: Pick<TypeOrmLibrary<Connection, Run, unknown>, 'storage' | 'runBy'>,
): TypeOrmClient<Run> {
  const runOn = ({ queryRunner }: TypeOrmManager): Run =>
    runBy(async (use) => {
      if (queryRunner === undefined) throw new Error('TypeORM gave a transaction without a connection.');
      return use((await queryRunner.connect()) as Connection);
    });
  return {
    open() {
      if (!dataSource.isInitialized) throw notInitialized(storage);
    },
    handleName: 'the EntityManager of a transaction of its DataSource that is still open',
    transaction: (work) => dataSource.manager.transaction('READ COMMITTED', (manager) => work(runOn(manager), manager)),
    within: (handle) => (isTransactionOf(handle, dataSource) ? runOn(handle) : undefined),
  };
}

function notInitialized(storage: string): SagaConfigurationError {
  return new SagaConfigurationError([
    `${storage}: the DataSource is not initialized. Await its \`initialize()\` before the application starts, or have it ` +
      'injected (`SagaModule.forRootAsync({ inject: [DataSource], … })`), so that Nest waits for it.',
  ]);
}

/** Tells the `EntityManager` of a transaction of `dataSource` that is still open. */
function isTransactionOf(handle: unknown, dataSource: TypeOrmDataSource): handle is TypeOrmManager {
  if (typeof handle !== 'object' || handle === null || !('queryRunner' in handle)) return false;
  const { queryRunner, connection, dataSource: owner } = handle as TypeOrmManager;
  return (owner ?? connection) === dataSource && queryRunner?.isTransactionActive === true && !queryRunner.isReleased;
}

/** Tells a DataSource by what it has and no other library's handle does. */
function isDataSource(client: object): client is TypeOrmDataSource {
  return 'isInitialized' in client && 'createQueryRunner' in client && 'manager' in client && 'driver' in client;
}
