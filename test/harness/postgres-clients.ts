import type { PostgresStorageOptions } from 'nest-saga/postgres';
import { MikroORM, type SqlEntityManager } from '@mikro-orm/postgresql';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { pgTable, varchar } from 'drizzle-orm/pg-core';
import createKnex, { type Knex } from 'knex';
import { CamelCasePlugin, CompiledQuery, Kysely, PostgresDialect, type Transaction } from 'kysely';
import type { Pool } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import {
  CONNECTIONS,
  type ClientLibraryUnderTest,
  type ConnectedClient,
  type SharedTransactions,
} from './client-library.js';
import { insertByKnex, insertByKysely, insertByPrisma, insertByTypeOrm, type Notes } from './late-inserts.js';
import type { PostgresSchema } from './postgres-schema.js';
import { serverConfig } from './postgres-server.js';
import { prismaOverPostgres, type PrismaTransaction } from './prisma-client.js';

const notes = pgTable('test_notes', { note: varchar('note', { length: 100 }) });

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
        insertLater: (handle, note) => insertByTypeOrm(handle as EntityManager, note),
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
        insertLater: (handle, note) => insertByKysely(handle as Transaction<Notes>, note),
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
        insertLater(handle, note) {
          const insert = (handle as typeof client).insert(notes).values({ note }).prepare('insert_later');
          return () => insert.execute();
        },
      };
      const query = async (text: string) => (await client.execute(sql.raw(text))).rows;
      return { client, query, shared, end: async () => undefined };
    },
  },
  {
    name: 'Prisma',
    async connect(schema) {
      const client = prismaOverPostgres(poolOf(schema));
      const shared: SharedTransactions = {
        atOnce: CONNECTIONS - 3,
        transaction: (work) => client.$transaction(work, { timeout: 60_000 }),
        write: (handle, text) => (handle as PrismaTransaction).$executeRawUnsafe(text),
        insertLater: (handle, note) => insertByPrisma(handle as PrismaTransaction, note),
      };
      return { client, query: (text) => client.$queryRawUnsafe(text), shared, end: () => client.$disconnect() };
    },
  },
  {
    name: 'MikroORM',
    async connect(schema) {
      const client = await MikroORM.init(mikroOrmOptions(schema));
      const shared: SharedTransactions = {
        atOnce: CONNECTIONS - 4,
        transaction: (work) => client.em.fork().transactional(work),
        write: (handle, text) => (handle as SqlEntityManager).execute(text),
      };
      const query = (text: string) => client.em.getConnection().execute<unknown[]>(text);
      return { client, query, shared, end: () => client.close() };
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
      insertLater: (handle, note) => insertByKnex(handle as Knex, note),
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

/** What a MikroORM instance of the schema is made of. */
export function mikroOrmOptions(schema: PostgresSchema) {
  const { host, port, user, database, password } = serverConfig;
  return {
    entities: [],
    discovery: { warnWhenNoEntities: false },
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    ...(typeof password === 'string' && { password }),
    dbName: database ?? 'postgres',
    pool: { min: 0, max: CONNECTIONS },
    driverOptions: { connection: { options: schema.connectionOptions } },
  } satisfies Parameters<typeof MikroORM.init>[0];
}
