/** A pool, or the handle of a library, as a SQL storage uses it. `Run` runs one statement, in the way of the storage's database. */
export interface SqlClient<Run> {
  /** Looks whether it can be used yet. @throws SagaConfigurationError */
  open?(): void;
  /** How many connections there are at most, where that can be told. */
  readonly poolSize: number | undefined;
  /** What {@link within} takes, for whoever gave it something else: ends the sentence "it must be …". */
  readonly handleName: string;
  /** Runs a statement that commits on its own. */
  readonly run: Run;
  /**
   * Runs `work` in one transaction on one connection, at READ COMMITTED. `handle` is what the application writes with in it. A
   * rejection of `work` is passed on as it is, once the transaction can never be committed any more.
   */
  transaction<T>(work: (run: Run, handle: unknown) => Promise<T>): Promise<T>;
  /** Runs statements in the transaction that the application has begun with `handle`; `undefined` if it is no such thing. */
  within(handle: unknown): Run | undefined;
}

/** Uses a connection of the driver: one that is lent for it, or the one of a transaction. */
export type OnConnection<Connection> = <T>(use: (connection: Connection) => Promise<T>) => Promise<T>;

/** How a storage runs its statements on connections of its driver that a library lends. */
export type RunBy<Connection, Run> = (on: OnConnection<Connection>) => Run;
