import type { PostgresStorageOptions } from 'nest-saga/postgres';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import createKnex, { type Knex } from 'knex';
import { CamelCasePlugin, CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import type { Pool } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import {
  CONNECTIONS,
  type ClientLibraryUnderTest,
  type ConnectedClient,
  type SharedTransactions,
} from './client-library.js';
import type { PostgresSchema } from './postgres-schema.js';
import { serverConfig } from './postgres-server.js';

/** Every library whose handle the storage takes as it is, beside a Pool of `pg`. */
export const CLIENT_LIBRARIES: readonly ClientLibraryUnderTest<PostgresSchema, PostgresStorageOptions['client']>[] = [
  {
    name: 'TypeORM',
    async connect(schema) {
      const client = await new DataSource(typeOrmOptions(schema)).initialize();
      const shared: SharedTransactions = {
        atOnce: CONNECTIONS - 4,
        transaction: (work) => client.transaction(work),
        write: (handle, text) => (handle as EntityManager).query(text),
      };
      return { client, query: (text) => client.query<unknown[]>(text), shared, end: () => client.destroy() };
    },
  },
  {
    name: 'Kysely',
    async connect(schema) {
      const pool = poolOf(schema);
      // The plugin would rename the columns of the storage's own statements.
      const client = new Kysely({ dialect: new PostgresDialect({ pool }), plugins: [new CamelCasePlugin()] });
      const query = async (text: string) => (await client.executeQuery(CompiledQuery.raw(text))).rows;
      const shared: SharedTransactions = {
        atOnce: CONNECTIONS - 3,
        transaction: (work) => client.transaction().execute(work),
        write: (handle, text) => (handle as typeof client).executeQuery(CompiledQuery.raw(text)),
      };
      return { client, query, shared, end: async () => undefined };
    },
  },
  {
    name: 'Knex',
    async connect(schema) {
      const connection = { ...serverConfig, options: schema.connectionOptions } as Knex.PgConnectionConfig;
      const client = createKnex({ client: 'pg', connection, pool: { max: CONNECTIONS } });
      return connectedKnex(client);
    },
  },
  {
    name: 'Knex, over a pool of the application',
    async connect(schema) {
      const client = createKnex({ client: 'pg', connectionPool: poolOf(schema) });
      return connectedKnex(client);
    },
  },
  {
    name: 'Drizzle',
    async connect(schema) {
      const client = drizzle({ client: poolOf(schema) });
      const shared: SharedTransactions = {
        atOnce: CONNECTIONS - 4,
        transaction: (work) => client.transaction(work),
        write: (handle, text) => (handle as typeof client).execute(sql.raw(text)),
      };
      const query = async (text: string) => (await client.execute(sql.raw(text))).rows;
      return { client, query, shared, end: async () => undefined };
    },
  },
];

function connectedKnex(client: Knex): ConnectedClient<Knex> {
  return {
    client,
    query: async (text) => (await client.raw<{ rows: unknown[] }>(text)).rows,
    shared: {
      atOnce: CONNECTIONS - 4,
      transaction: (work) => client.transaction(work),
      write: async (handle, text) => {
        await (handle as Knex).raw(text);
      },
    },
    end: () => client.destroy(),
  };
}

/** Test connections, which the schema ends. */
function poolOf(schema: PostgresSchema): Pool {
  return schema.pool({ max: CONNECTIONS });
}

/** What a DataSource of the schema is made of. */
export function typeOrmOptions(schema: PostgresSchema) {
  const { host, port, user, database, password } = serverConfig;
  return {
    type: 'postgres',
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { username: user }),
    ...(typeof password === 'string' && { password }),
    ...(database !== undefined && { database }),
    poolSize: CONNECTIONS,
    extra: { options: schema.connectionOptions },
  } as const;
}
