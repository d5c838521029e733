/** What a `DataSource` of TypeORM (0.3 or later) is to a storage. */
export interface TypeOrmDataSource {
  /** False before `initialize()` and after `destroy()`: then there is no pool. */
  readonly isInitialized: boolean;
  readonly options: { readonly type: string };
  /** Holds the pool, each driver in its own way. */
  readonly driver: object;
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
    readonly isReleased: boolean;
    readonly isTransactionActive: boolean;
    /** Gives the driver's own connection. */
    connect(): Promise<unknown>;
  };
}

/** Tells the `EntityManager` of a transaction of `dataSource` that is still open. */
export function isTypeOrmTransaction(handle: unknown, dataSource: TypeOrmDataSource): handle is TypeOrmManager {
  if (typeof handle !== 'object' || handle === null || !('queryRunner' in handle)) return false;
  const { queryRunner, connection, dataSource: owner } = handle as TypeOrmManager;
  return (owner ?? connection) === dataSource && queryRunner?.isTransactionActive === true && !queryRunner.isReleased;
}

/** Tells a DataSource by what it has and no other library's handle does. */
export function isTypeOrmDataSource(client: object): client is TypeOrmDataSource {
  return 'isInitialized' in client && 'createQueryRunner' in client && 'manager' in client && 'driver' in client;
}
