import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/mysql2';
import createKnex, { type Knex } from 'knex';
import { CamelCasePlugin, CompiledQuery, Kysely, MysqlDialect, type Transaction } from 'kysely';
import { createPool, type PoolOptions } from 'mysql2';
import type { Pool, PoolConnection } from 'mysql2/promise';
import type { MysqlStorageOptions } from 'nest-saga/mysql';
import { DataSource, type EntityManager } from 'typeorm';
import { CONNECTIONS, type ClientLibraryUnderTest } from './client-library.js';
import type { MysqlDatabase } from './mysql-database.js';
import { serverConfig } from './mysql-server.js';

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
      const client = await typeOrmDataSource(database).initialize();
      return {
        client,
        query: (text) => client.query<unknown[]>(text),
        shared: {
          transaction: (work) => client.transaction(work),
          write: (handle, text) => (handle as EntityManager).query(text),
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
          atOnce: CONNECTIONS - 3,
        },
        end: () => pool.promise().end(),
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

/** A DataSource of the database, not initialized yet. */
export function typeOrmDataSource(database: MysqlDatabase): DataSource {
  const { host, port, user, password } = serverConfig;
  return new DataSource({
    type: 'mysql',
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    database: database.name,
    poolSize: CONNECTIONS,
  });
}
