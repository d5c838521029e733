import type { TypeOrmDataSource } from '../../sql/clients/typeorm.js';
import type { PostgresClient, PostgresPool } from '../postgres-client.js';

/** What the storage takes as its client. */
export type PostgresStorageClient = PostgresPool | TypeOrmDataSource | PostgresClient;
