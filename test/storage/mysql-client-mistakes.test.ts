import { describe, expect, it, test } from '@jest/globals';
import { drizzle } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres';
import knex from 'knex';
import { Kysely, PostgresDialect } from 'kysely';
import { MikroORM } from '@mikro-orm/postgresql';
import { MysqlSagaStorage, type MysqlStorageOptions } from 'nest-saga/mysql';
import { Pool } from 'pg';
import { DataSource, QueryFailedError } from 'typeorm';
import { prismaOverPostgres } from '../harness/prisma-client.js';
import { errorNumber } from '../../lib/storage/mysql/driver-error.js';

const typeOrm = new DataSource({ type: 'mysql' });
const postgresPool = new Pool();

describe('MysqlSagaStorage refuses as its client', () => {
  test.each<[string, () => unknown, string]>([
    ['nothing', () => undefined, 'must be a pool of mysql2, a DataSource of TypeORM'],
    ['a text', () => 'mysql://localhost', 'must be a pool of mysql2'],
    ['a Pool of pg', () => postgresPool, 'is a Pool of pg: give it to PostgresSagaStorage'],
    [
      'a DataSource of PostgreSQL',
      () => new DataSource({ type: 'postgres' }),
      "is a TypeORM DataSource of type 'postgres'",
    ],
    ['an EntityManager', () => typeOrm.manager, 'is an EntityManager of TypeORM: give the DataSource'],
    [
      'Kysely of PostgreSQL',
      () => new Kysely({ dialect: new PostgresDialect({ pool: postgresPool }) }),
      'is a Kysely instance of PostgreSQL',
    ],
    ['Knex of PostgreSQL', () => knex({ client: 'pg' }), "is a Knex instance of 'pg', and has to be one of 'mysql2'"],
    ['Prisma of PostgreSQL', () => prismaOverPostgres({}), "is a Prisma client of 'postgresql'"],
    [
      'MikroORM of PostgreSQL',
      () => MikroORM.initSync({ dbName: 'shop', entities: [], discovery: { warnWhenNoEntities: false } }),
      "is a MikroORM instance, and what is inside is a Knex instance of 'pg'",
    ],
    ['Drizzle of PostgreSQL', () => drizzlePostgres({ client: postgresPool }), 'is a NodePgDatabase of Drizzle'],
    [
      'Drizzle over a single connection',
      () => drizzle({ client: {} as never }),
      'is a database of Drizzle over a single',
    ],
  ])('%s', (_name, client, mistake) => {
    const options = { client: client() } as MysqlStorageOptions;
    expect(() => new MysqlSagaStorage(options)).toThrow(
      expect.objectContaining({
        code: 'SAGA_CONFIGURATION',
        mistakes: [expect.stringContaining(`MysqlSagaStorage: \`client\` ${mistake}`)],
      }),
    );
  });

  it('a DataSource that nobody has initialized when the application starts', async () => {
    await expect(new MysqlSagaStorage({ client: typeOrm }).open()).rejects.toMatchObject({
      code: 'SAGA_CONFIGURATION',
      mistakes: [expect.stringContaining('the DataSource is not initialized. Await its `initialize()`')],
    });
  });
});

describe('the number of an error', () => {
  const driverError = Object.assign(new Error('duplicate key'), { errno: 1062 });

  test.each<[string, unknown]>([
    ['the driver', driverError],
    ['TypeORM', new QueryFailedError('SELECT 1', [], driverError)],
    ['Drizzle, as the cause', new Error('Failed query', { cause: driverError })],
    ['MikroORM, as `originalError`', Object.assign(new Error('wrapped'), { originalError: driverError })],
  ])('is found in the error of %s', (_library, error) => {
    expect(errorNumber(error)).toBe(1062);
  });
});
