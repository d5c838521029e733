/** A library under which a storage runs, as an application sets it up. */
export interface ClientLibraryUnderTest<Place, Client> {
  readonly name: string;
  /** The library's handle on a schema or database, ready for use. */
  connect(place: Place): Promise<ConnectedClient<Client>>;
}

/** A library's handle, with what the tests do by its own means. */
export interface ConnectedClient<Client> {
  readonly client: Client;
  /** Runs a statement as the application would, and gives its rows. */
  query(sql: string): Promise<readonly unknown[]>;
  /** What the application does in transactions that it shares with the storage; absent where the storage shares none. */
  readonly shared?: SharedTransactions;
  /** Closes the library's connections. */
  end(): Promise<void>;
}

/** Transactions of a library, as an application uses them. */
export interface SharedTransactions {
  /** Begins one, commits it when `work` resolves, rolls it back when it rejects. */
  transaction(work: (handle: unknown) => Promise<void>): Promise<void>;
  /** How many the storage lets run at once, of {@link CONNECTIONS}: some are its own, one of them for listening where it can. */
  readonly atOnce: number;
  /** Runs a statement through the handle of a transaction. */
  write(handle: unknown, sql: string): Promise<unknown>;
  /** Makes a query that inserts a note through the handle, and gives what sends it; absent where there are no such queries. */
  readonly insertLater?: (handle: unknown, note: string) => () => PromiseLike<unknown>;
}

/** How many connections each of them may make. */
export const CONNECTIONS = 8;
