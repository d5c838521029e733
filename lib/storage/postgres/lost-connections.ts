import type { PostgresPool, PostgresPoolClient } from './postgres-client.js';

/** A connection that tells when it is lost. */
type Connection = Pick<PostgresPoolClient, 'on' | 'off'>;

/**
 * Keeps a connection that is lost while nobody uses it from ending the process: the pool makes others, and the next statement on a
 * connection that somebody has tells.
 *
 * A pool listens to its idle connections and tells of them; it stops listening when it lends one, a moment before whoever waits for it has it.
 */
export class LostConnections {
  private readonly lent = new Set<Connection>();

  constructor(private readonly pool: PostgresPool) {}

  /** From now on they are not heard of. */
  ignore(): void {
    this.pool.on?.('error', ignoreLoss);
    this.pool.on?.('acquire', this.onAcquire);
    this.pool.on?.('release', this.onRelease);
  }

  /** Leaves them to the application again, those that are lent just now as well. */
  leave(): void {
    this.pool.off?.('error', ignoreLoss);
    this.pool.off?.('acquire', this.onAcquire);
    this.pool.off?.('release', this.onRelease);
    for (const connection of this.lent) connection.off?.('error', ignoreLoss);
    this.lent.clear();
  }

  private readonly onAcquire = (connection: Connection): void => {
    this.lent.add(connection);
    // One listener, however many storages share the pool.
    connection.off?.('error', ignoreLoss);
    connection.on?.('error', ignoreLoss);
  };

  private readonly onRelease = (_error: unknown, connection: Connection): void => {
    if (this.lent.delete(connection)) connection.off?.('error', ignoreLoss);
  };
}

/** Another function than those that transactions add and remove on the same connection. */
function ignoreLoss(): void {
  // Whoever uses the connection next is told.
}
