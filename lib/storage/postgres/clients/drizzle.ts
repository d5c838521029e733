import { drizzleLibrary } from '../../sql/clients/drizzle.js';
import { LostConnections } from '../lost-connections.js';
import {
  lendListener,
  libraryClient,
  poolRun,
  runBy,
  type RunStatement,
  type StatementClient,
} from '../pool-client.js';
import type { PostgresPool, PostgresPoolClient } from '../postgres-client.js';

/** A database of Drizzle over a Pool of `pg`. */
export const drizzle = drizzleLibrary<PostgresPoolClient, PostgresPool, RunStatement, StatementClient>({
  kind: 'NodePg',
  entry: 'drizzle-orm/node-postgres',
  isPool: (client): client is PostgresPool => 'totalCount' in client && 'connect' in client,
  single: 'a single Client of pg, and sagas need several connections: make it of a Pool',
  runBy,
  use: (transactions, pool) =>
    libraryClient(
      { ...transactions, poolSize: pool.options?.max, run: poolRun(pool) },
      { prepares: true, lend: () => lendListener(pool), losses: new LostConnections(pool) },
    ),
});
