import type { ClientLibrary } from './client-library.js';
import type { SqlClient } from './sql-client.js';

/** What a `MikroORM` instance (6 or later) is to a storage. */
export interface MikroOrm {
  /** The global EntityManager. */
  readonly em: MikroOrmEntityManager;
  /** Tells an instance from other things that have an EntityManager. */
  readonly getMetadata: unknown;
}

/** What an EntityManager of MikroORM is to a storage. */
export interface MikroOrmEntityManager {
  /** Another one, with nothing in it. */
  fork(): unknown;
  /** The connection of the driver, which has what it runs statements on. */
  getConnection(type: 'write'): object;
  /** The transaction that the EntityManager is in, of the library inside. */
  getTransactionContext(): unknown;
}

/** An EntityManager with its transactions. */
interface Transactional extends MikroOrmEntityManager {
  fork(): Transactional;
  flush(): Promise<void>;
  transactional<T>(
    work: (manager: Transactional) => Promise<T>,
    options: { readonly isolationLevel: 'read committed' },
  ): Promise<T>;
}

/** How a storage uses MikroORM. */
export interface MikroOrmLibrary<Run, Inside extends SqlClient<Run>, Use> {
  /** What it may have inside: Knex up to 6, Kysely from 7 on. */
  readonly inside: readonly ClientLibrary<Inside>[];
  /** Does something before each statement. */
  readonly runFirst: (first: () => Promise<void>, run: Run) => Run;
  readonly use: (client: SqlClient<Run>, inside: Inside) => Use;
}

/** A MikroORM instance. Statements go to the library inside it, beside its query log; transactions are MikroORM's own. */
export function mikroOrmLibrary<Run, Inside extends SqlClient<Run>, Use>(
  library: MikroOrmLibrary<Run, Inside, Use>,
): ClientLibrary<Use> {
  const { inside, runFirst, use } = library;
  return (client) => {
    if (!isMikroOrm(client)) return undefined;
    const builder = builderOf(client);
    if (builder === undefined) {
      return { mistake: 'is a MikroORM instance that is not connected yet: await its `connect()` before' };
    }
    for (const recognize of inside) {
      const recognized = recognize(builder);
      if (recognized === undefined) continue;
      if ('mistake' in recognized)
        return { mistake: `is a MikroORM instance, and what is inside ${recognized.mistake}` };
      return {
        use: () => {
          const found = recognized.use();
          return use(sqlClientOf(client, { inside: found, runFirst }), found);
        },
      };
    }
    return { mistake: 'is a MikroORM instance of another kind of database' };
  };
}

/** Tells an instance by what it has and no other library's handle does. */
function isMikroOrm(client: object): client is MikroOrm & { readonly em: Transactional } {
  return 'em' in client && 'getMetadata' in client && 'schema' in client;
}

/** The Knex instance or the Kysely instance by which MikroORM runs its own statements; `undefined` where there is none yet. */
function builderOf({ em }: MikroOrm): object | undefined {
  const connection: { getKnex?(): object; getClient?(): object } = em.getConnection('write');
  try {
    return connection.getKnex?.() ?? connection.getClient?.() ?? connection;
  } catch {
    // MikroORM 7 makes it when it connects, and throws until then.
    return undefined;
  }
}

function sqlClientOf<Run, Inside extends SqlClient<Run>>(
  { em }: { readonly em: Transactional },
  { inside, runFirst }: Pick<MikroOrmLibrary<Run, Inside, unknown>, 'runFirst'> & { readonly inside: Inside },
): SqlClient<Run> {
  const within = (handle: unknown): Run | undefined =>
    isEntityManager(handle) ? inside.within(handle.getTransactionContext()) : undefined;
  return {
    poolSize: inside.poolSize,
    handleName: 'the EntityManager of a transaction of its MikroORM instance that is still open',
    run: inside.run,
    transaction: (work) =>
      em.fork().transactional(
        async (manager) => {
          const run = within(manager);
          if (run === undefined) throw new Error('MikroORM gave an EntityManager without a transaction.');
          // What was persisted is written before the storage's last statement, not behind it.
          return work(
            runFirst(() => manager.flush(), run),
            manager,
          );
        },
        { isolationLevel: 'read committed' },
      ),
    within,
  };
}

function isEntityManager(handle: unknown): handle is MikroOrmEntityManager {
  return typeof handle === 'object' && handle !== null && 'getTransactionContext' in handle && 'fork' in handle;
}
