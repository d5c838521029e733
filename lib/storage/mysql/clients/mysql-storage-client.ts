import type { DrizzleDatabase } from '../../sql/clients/drizzle.js';
import type { BeginsByExecute, HandedOut } from '../../sql/clients/handed-out.js';
import type { KnexInstance } from '../../sql/clients/knex.js';
import type { KyselyDatabase } from '../../sql/clients/kysely.js';
import type { TypeOrmDataSource } from '../../sql/clients/typeorm.js';
import type { MysqlCallbackPool, MysqlClient, MysqlPool } from '../mysql-client.js';

/** What the storage takes as its client: a pool of `mysql2`, the handle of a library that it knows, or two functions. */
export type MysqlStorageClient =
  MysqlPool | MysqlCallbackPool | TypeOrmDataSource | KyselyDatabase | KnexInstance | DrizzleDatabase | MysqlClient;

/** A pool that lends connections by promise. */
interface LendsConnections<Lent> {
  getConnection(): Promise<Lent>;
}

/** A pool of callbacks, which has one of promises in it. */
interface HasPromises<Lent> {
  promise(): LendsConnections<Lent>;
}

/**
 * What a client hands out as a transaction: the connection of a pool of `mysql2` (the promising one, whichever the pool), the
 * `EntityManager` of a DataSource, the transaction of Kysely, Knex or Drizzle, or what a {@link MysqlClient} says.
 */
export type MysqlHandle<Client> = Client extends TypeOrmDataSource
  ? Client['manager']
  : Client extends KyselyDatabase & BeginsByExecute<infer Begin>
    ? HandedOut<Begin>
    : Client extends (DrizzleDatabase | KnexInstance) & { transaction: infer Begin }
      ? HandedOut<Begin>
      : Client extends MysqlClient<infer Handle>
        ? Handle
        : Client extends HasPromises<infer Lent>
          ? Lent
          : Client extends LendsConnections<infer Lent>
            ? Lent
            : unknown;
