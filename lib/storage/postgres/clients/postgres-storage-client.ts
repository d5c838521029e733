import type { DrizzleDatabase } from '../../sql/clients/drizzle.js';
import type { KnexInstance } from '../../sql/clients/knex.js';
import type { KyselyDatabase } from '../../sql/clients/kysely.js';
import type { TypeOrmDataSource } from '../../sql/clients/typeorm.js';
import type { PostgresClient, PostgresPool } from '../postgres-client.js';

/** What the storage takes as its client: a Pool of `pg`, the handle of a library that it knows, or two functions. */
export type PostgresStorageClient =
  PostgresPool | TypeOrmDataSource | KyselyDatabase | KnexInstance | DrizzleDatabase | PostgresClient;
