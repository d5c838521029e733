import type { PostgresStorageOptions } from 'nest-saga/postgres';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresSchema } from './postgres-schema.js';
import { serverConfig } from './postgres-server.js';

/** A library under which the storage runs, as an application sets it up. */
export interface ClientLibraryUnderTest {
  readonly name: string;
  /** The library's handle on the schema, ready for use. */
  connect(schema: PostgresSchema): Promise<ConnectedClient>;
}

/** A library's handle, with what the tests do by its own means. */
export interface ConnectedClient {
  readonly client: PostgresStorageOptions['client'];
  /** Runs a statement as the application would, and gives its rows. */
  query(sql: string): Promise<readonly unknown[]>;
  /** Closes the library's connections. */
  end(): Promise<void>;
}

const CONNECTIONS = 4;

/** Every library whose handle the storage takes as it is. */
export const CLIENT_LIBRARIES: readonly ClientLibraryUnderTest[] = [
  {
    name: 'pg',
    async connect(schema) {
      const client = poolOf(schema);
      return { client, query: async (sql) => (await client.query(sql)).rows as unknown[], end: async () => undefined };
    },
  },
  {
    name: 'TypeORM',
    async connect(schema) {
      const client = await typeOrmDataSource(schema).initialize();
      return { client, query: (sql) => client.query(sql), end: () => client.destroy() };
    },
  },
];

/** Test connections, which the schema ends. */
function poolOf(schema: PostgresSchema): Pool {
  return schema.pool({ max: CONNECTIONS });
}

/** A DataSource of the schema, not initialized yet. */
export function typeOrmDataSource(schema: PostgresSchema): DataSource {
  const { host, port, user, database, password } = serverConfig;
  return new DataSource({
    type: 'postgres',
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { username: user }),
    ...(typeof password === 'string' && { password }),
    ...(database !== undefined && { database }),
    poolSize: CONNECTIONS,
    extra: { options: schema.connectionOptions },
  });
}
