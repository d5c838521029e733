import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/mysql2';
import createKnex from 'knex';
import { CamelCasePlugin, CompiledQuery, Kysely, MysqlDialect } from 'kysely';
import { createPool, type PoolOptions } from 'mysql2';
import type { MysqlStorageOptions } from 'nest-saga/mysql';
import { DataSource } from 'typeorm';
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
      return { client, query: async (text) => (await promising.query<never[]>(text))[0], end: () => promising.end() };
    },
  },
  {
    name: 'TypeORM',
    async connect(database) {
      const client = await typeOrmDataSource(database).initialize();
      return { client, query: (text) => client.query<unknown[]>(text), end: () => client.destroy() };
    },
  },
  {
    name: 'Kysely',
    async connect(database) {
      // The plugin would rename the columns of the storage's own statements.
      const dialect = new MysqlDialect({ pool: createPool(optionsOf(database)) });
      const client = new Kysely({ dialect, plugins: [new CamelCasePlugin()] });
      const query = async (text: string) => (await client.executeQuery(CompiledQuery.raw(text))).rows;
      return { client, query, end: () => client.destroy() };
    },
  },
  {
    name: 'Knex',
    async connect(database) {
      const { host, port, user, password } = serverConfig;
      const connection = { host, port, user, password, database: database.name } as object;
      const client = createKnex({ client: 'mysql2', connection, pool: { max: CONNECTIONS } });
      const query = async (text: string) => (await client.raw<readonly unknown[][]>(text))[0] ?? [];
      return { client, query, end: () => client.destroy() };
    },
  },
  {
    name: 'Drizzle',
    async connect(database) {
      const pool = createPool(optionsOf(database));
      const client = drizzle({ client: pool });
      const query = async (text: string) => (await client.execute(sql.raw(text)))[0] as unknown as unknown[];
      return { client, query, end: () => pool.promise().end() };
    },
  },
];

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
