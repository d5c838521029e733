import { MikroORM, type SqlEntityManager } from '@mikro-orm/mysql';
import { sql } from 'drizzle-orm';
import { mysqlTable, varchar } from 'drizzle-orm/mysql-core';
import { drizzle } from 'drizzle-orm/mysql2';
import createKnex, { type Knex } from 'knex';
import { CamelCasePlugin, CompiledQuery, Kysely, MysqlDialect, type Transaction } from 'kysely';
import { createPool, type PoolOptions } from 'mysql2';
import type { Pool, PoolConnection } from 'mysql2/promise';
import type { MysqlStorageOptions } from 'nest-saga/mysql';
import { DataSource, type EntityManager } from 'typeorm';
import { CONNECTIONS, type ClientLibraryUnderTest } from './client-library.js';
import { insertByKnex, insertByKysely, insertByPrisma, insertByTypeOrm, type Notes } from './late-inserts.js';
import type { MysqlDatabase } from './mysql-database.js';
import { serverConfig } from './mysql-server.js';
import { prismaOverMysql, type PrismaTransaction } from './prisma-client.js';

const notes = mysqlTable('test_notes', { note: varchar('note', { length: 100 }) });

/** Every library whose handle the storage takes as it is, beside a pool of `mysql2/promise`. */
export const CLIENT_LIBRARIES: readonly ClientLibraryUnderTest<MysqlDatabase, MysqlStorageOptions['client']>[] = [
  {
    name: 'mysql2, by callbacks',
    async connect(database) {
      const client = createPool(optionsOf(database));
      const promising = client.promise();
      return {
        client,
        query: async (text) => (await promising.query<never[]>(text))[0],
        shared: {
          transaction: (work) => onConnection(promising, work),
          write: (handle, text) => (handle as PoolConnection).query(text),
          atOnce: CONNECTIONS - 3,
        },
        end: () => promising.end(),
      };
    },
  },
  {
    name: 'TypeORM',
    async connect(database) {
      const client = await new DataSource(typeOrmOptions(database)).initialize();
      return {
        client,
        query: (text) => client.query<unknown[]>(text),
        shared: {
          transaction: (work) => client.transaction(work),
          write: (handle, text) => (handle as EntityManager).query(text),
          insertLater: (handle, note) => insertByTypeOrm(handle as EntityManager, note),
          atOnce: CONNECTIONS - 3,
        },
        end: () => client.destroy(),
      };
    },
  },
  {
    name: 'Kysely',
    async connect(database) {
      // The plugin would rename the columns of the storage's own statements.
      const dialect = new MysqlDialect({ pool: createPool(optionsOf(database)) });
      const client = new Kysely({ dialect, plugins: [new CamelCasePlugin()] });
      const query = async (text: string) => (await client.executeQuery(CompiledQuery.raw(text))).rows;
      return {
        client,
        query,
        shared: {
          transaction: (work) => client.transaction().execute(work),
          write: (handle, text) => (handle as Transaction<unknown>).executeQuery(CompiledQuery.raw(text)),
          insertLater: (handle, note) => insertByKysely(handle as Transaction<Notes>, note),
          atOnce: CONNECTIONS - 3,
        },
        end: () => client.destroy(),
      };
    },
  },
  {
    name: 'Knex',
    async connect(database) {
      const { host, port, user, password } = serverConfig;
      const connection = { host, port, user, password, database: database.name } as object;
      const client = createKnex({ client: 'mysql2', connection, pool: { max: CONNECTIONS } });
      const query = async (text: string) => (await client.raw<readonly unknown[][]>(text))[0] ?? [];
      return {
        client,
        query,
        shared: {
          transaction: (work) => client.transaction(work),
          write: async (handle, text) => {
            await (handle as Knex.Transaction).raw(text);
          },
          insertLater: (handle, note) => insertByKnex(handle as Knex, note),
          atOnce: CONNECTIONS - 3,
        },
        end: () => client.destroy(),
      };
    },
  },
  {
    name: 'Drizzle',
    async connect(database) {
      const pool = createPool(optionsOf(database));
      const client = drizzle({ client: pool });
      const query = async (text: string) => (await client.execute(sql.raw(text)))[0] as unknown as unknown[];
      return {
        client,
        query,
        shared: {
          transaction: (work) => client.transaction(work),
          write: async (handle, text) => (handle as typeof client).execute(sql.raw(text)),
          insertLater(handle, note) {
            const insert = (handle as typeof client).insert(notes).values({ note }).prepare();
            return () => insert.execute();
          },
          atOnce: CONNECTIONS - 3,
        },
        end: () => pool.promise().end(),
      };
    },
  },
  {
    name: 'Prisma',
    async connect(database) {
      const { host, port, user, password } = serverConfig;
      const config = { host, port, user, password, database: database.name, connectionLimit: CONNECTIONS } as object;
      const client = prismaOverMysql(config);
      return {
        client,
        query: (text) => client.$queryRawUnsafe(text),
        shared: {
          transaction: (work) => client.$transaction(work, { timeout: 60_000 }),
          write: (handle, text) => (handle as PrismaTransaction).$executeRawUnsafe(text),
          insertLater: (handle, note) => insertByPrisma(handle as PrismaTransaction, note),
          atOnce: CONNECTIONS - 3,
        },
        end: () => client.$disconnect(),
      };
    },
  },
  {
    name: 'MikroORM',
    async connect(database) {
      const client = await MikroORM.init(mikroOrmOptions(database));
      return {
        client,
        query: (text) => client.em.getConnection().execute<unknown[]>(text),
        shared: {
          transaction: (work) => client.em.fork().transactional(work),
          write: (handle, text) => (handle as SqlEntityManager).execute(text),
          atOnce: CONNECTIONS - 3,
        },
        end: () => client.close(),
      };
    },
  },
];

async function onConnection(pool: Pool, work: (handle: unknown) => Promise<void>): Promise<void> {
  const connection = await pool.getConnection();
  try {
    await connection.beginTransaction();
    await work(connection);
    await connection.commit();
  } catch (error) {
    await connection.rollback();
    throw error;
  } finally {
    connection.release();
  }
}

function optionsOf(database: MysqlDatabase): PoolOptions {
  return { ...serverConfig, database: database.name, connectionLimit: CONNECTIONS };
}

/** What a DataSource of the database is made of. */
export function typeOrmOptions(database: MysqlDatabase) {
  const { host, port, user, password } = serverConfig;
  return {
    type: 'mysql',
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    database: database.name,
    poolSize: CONNECTIONS,
  } as const;
}

/** What a MikroORM instance of the database is made of. */
export function mikroOrmOptions(database: MysqlDatabase) {
  const { host, port, user, password } = serverConfig;
  return {
    entities: [],
    discovery: { warnWhenNoEntities: false },
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    dbName: database.name,
    pool: { min: 0, max: CONNECTIONS },
  } satisfies Parameters<typeof MikroORM.init>[0];
}
