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
  /** Closes the library's connections. */
  end(): Promise<void>;
}

/** How many connections each of them may make. */
export const CONNECTIONS = 4;
