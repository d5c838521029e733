import type { DrizzleDatabase } from '../../sql/clients/drizzle.js';
import type { BeginsByExecute, HandedOut } from '../../sql/clients/handed-out.js';
import type { KnexInstance } from '../../sql/clients/knex.js';
import type { KyselyDatabase } from '../../sql/clients/kysely.js';
import type { TypeOrmDataSource } from '../../sql/clients/typeorm.js';
import type { PostgresClient, PostgresPool } from '../postgres-client.js';

/** What the storage takes as its client: a Pool of `pg`, the handle of a library that it knows, or two functions. */
export type PostgresStorageClient =
  PostgresPool | TypeOrmDataSource | KyselyDatabase | KnexInstance | DrizzleDatabase | PostgresClient;

/** A pool that lends connections, by promise or by callback. */
interface LendsConnections<Lent> {
  connect: { (): Promise<Lent>; (...other: never): unknown };
}

/**
 * What a client hands out as a transaction: the connection of a pool of `pg`, the `EntityManager` of a DataSource, the transaction of
 * Kysely, Knex or Drizzle, or what a {@link PostgresClient} says.
 */
export type PostgresHandle<Client> = Client extends TypeOrmDataSource
  ? Client['manager']
  : Client extends KyselyDatabase & BeginsByExecute<infer Begin>
    ? HandedOut<Begin>
    : Client extends (DrizzleDatabase | KnexInstance) & { transaction: infer Begin }
      ? HandedOut<Begin>
      : Client extends PostgresClient<infer Handle>
        ? Handle
        : Client extends LendsConnections<infer Lent>
          ? Lent
          : unknown;
