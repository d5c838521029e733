import { knexLibrary, type KnexTransactions } from '../../sql/clients/knex.js';
import { LostConnections } from '../lost-connections.js';
import { libraryClient, runBy, type LentListener, type RunStatement, type StatementClient } from '../pool-client.js';
import type { PostgresPool, PostgresPoolClient } from '../postgres-client.js';

/** A Knex instance over `pg`. */
export const knex = knexLibrary<PostgresPoolClient, RunStatement, StatementClient>({
  driver: 'pg',
  dialect: 'postgresql',
  runBy,
  use: (client, instance) =>
    libraryClient(client, {
      prepares: true,
      lend: () => lendListener(instance),
      ...lossesOf(instance),
    }),
});

/** Knex listens on connections that it has made, but not on those of a pool that it was given. */
function lossesOf({ client }: KnexTransactions<PostgresPoolClient>): { readonly losses?: LostConnections } {
  const pool = client.config?.connectionPool as PostgresPool | undefined;
  return pool === undefined ? {} : { losses: new LostConnections(pool) };
}

/** By this mark Knex throws a connection away, instead of lending it again. */
interface KnexConnection extends PostgresPoolClient {
  __knex__disposed?: unknown;
  end(): Promise<unknown>;
}

async function lendListener({ client: inside }: KnexTransactions<PostgresPoolClient>): Promise<LentListener> {
  const connection = (await inside.acquireConnection()) as KnexConnection;
  return {
    client: connection,
    isWantedBack: () => inside.pool?.destroyed === true || inside.config?.connectionPool?.ending === true,
    giveBack() {
      connection.__knex__disposed = 'It listens, and nobody else is to get it.';
      void inside.releaseConnection(connection);
      void connection.end().catch(ignore);
    },
  };
}

/** For connections that are lost while nobody uses them. */
function ignore(): void {
  // The next statement tells.
}
