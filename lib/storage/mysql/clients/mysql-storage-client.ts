import type { LibraryDatabase, LibraryHandle } from '../../sql/clients/library-handle.js';
import type { MysqlCallbackPool, MysqlClient, MysqlPool } from '../mysql-client.js';

/** What the storage takes as its client: a pool of `mysql2`, the handle of a library that it knows, or two functions. */
export type MysqlStorageClient = MysqlPool | MysqlCallbackPool | LibraryDatabase | MysqlClient;

/** A pool that lends connections by promise. */
interface LendsConnections<Lent> {
  getConnection(): Promise<Lent>;
}

/** A pool of callbacks, which has one of promises in it. */
interface HasPromises<Lent> {
  promise(): LendsConnections<Lent>;
}

/**
 * What a client hands out as a transaction: the connection of a pool of `mysql2` (the promising one, whichever the pool), the EntityManager of
 * TypeORM or MikroORM, the transaction of Kysely, Knex, Drizzle or Prisma, or what a {@link MysqlClient} says.
 */
export type MysqlHandle<Client> = LibraryHandle<
  Client,
  Client extends MysqlClient<infer Handle>
    ? Handle
    : Client extends HasPromises<infer Lent>
      ? Lent
      : Client extends LendsConnections<infer Lent>
        ? Lent
        : unknown
>;
