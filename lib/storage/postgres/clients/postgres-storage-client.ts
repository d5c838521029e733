import type { LibraryDatabase, LibraryHandle } from '../../sql/clients/library-handle.js';
import type { PostgresClient, PostgresPool } from '../postgres-client.js';

/** What the storage takes as its client: a Pool of `pg`, the handle of a library that it knows, or two functions. */
export type PostgresStorageClient = PostgresPool | LibraryDatabase | PostgresClient;

/** A pool that lends connections, by promise or by callback. */
interface LendsConnections<Lent> {
  connect: { (): Promise<Lent>; (...other: never): unknown };
}

/**
 * What a client hands out as a transaction: the connection of a pool of `pg`, the EntityManager of TypeORM or MikroORM, the transaction of
 * Kysely, Knex, Drizzle or Prisma, or what a {@link PostgresClient} says.
 */
export type PostgresHandle<Client> = LibraryHandle<
  Client,
  Client extends PostgresClient<infer Handle> ? Handle : Client extends LendsConnections<infer Lent> ? Lent : unknown
>;
