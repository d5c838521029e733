import { describe, expect, it, test } from '@jest/globals';
import { MikroORM } from '@mikro-orm/mysql';
import { PostgresSagaStorage, type PostgresStorageOptions } from 'nest-saga/postgres';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2';
import { drizzle as drizzleProxy } from 'drizzle-orm/pg-proxy';
import knex from 'knex';
import { Kysely, MysqlDialect, SqliteDialect } from 'kysely';
import { createPool } from 'mysql2/promise';
import { Client, Pool } from 'pg';
import { DataSource, QueryFailedError } from 'typeorm';
import { prismaOverMysql } from '../harness/prisma-client.js';
import { sqlState } from '../../lib/storage/postgres/driver-error.js';

const typeOrm = new DataSource({ type: 'postgres' });
const mikroOrmOptions = { dbName: 'shop', entities: [], discovery: { warnWhenNoEntities: false } };

describe('PostgresSagaStorage refuses as its client', () => {
  test.each<[string, () => unknown, string]>([
    ['nothing', () => undefined, 'must be a Pool of pg, a DataSource of TypeORM'],
    ['a text', () => 'postgres://localhost', 'must be a Pool of pg'],
    ['a single connection', () => new Client(), 'is a single Client of pg'],
    ['a pool of mysql2', () => createPool({}), 'is a client of mysql2: give it to MysqlSagaStorage'],
    ['a DataSource of MySQL', () => new DataSource({ type: 'mysql' }), "is a TypeORM DataSource of type 'mysql'"],
    ['an EntityManager', () => typeOrm.manager, 'is an EntityManager of TypeORM: give the DataSource'],
    ['a QueryRunner', () => typeOrm.createQueryRunner(), 'is a QueryRunner of TypeORM: give the DataSource'],
    [
      'Kysely of MySQL',
      () => new Kysely({ dialect: new MysqlDialect({ pool: {} as never }) }),
      'is a Kysely instance of MySQL',
    ],
    [
      'Kysely of SQLite',
      () => new Kysely({ dialect: new SqliteDialect({ database: {} as never }) }),
      'is a Kysely instance of SQLite',
    ],
    ['Knex of MySQL', () => knex({ client: 'mysql2' }), "is a Knex instance of 'mysql2', and has to be one of 'pg'"],
    ['Knex of SQLite', () => knex({ client: 'sqlite3', useNullAsDefault: true }), "is a Knex instance of 'sqlite3'"],
    ['Prisma of MySQL', () => prismaOverMysql({}), "is a Prisma client of 'mysql', and has to be one of 'postgresql'"],
    [
      'MikroORM of MySQL',
      () => MikroORM.initSync(mikroOrmOptions),
      "is a MikroORM instance, and what is inside is a Knex instance of 'mysql2'",
    ],
    [
      'an EntityManager of MikroORM',
      () => MikroORM.initSync(mikroOrmOptions).em,
      'is an EntityManager of MikroORM: give the MikroORM instance',
    ],
    ['Drizzle of MySQL', () => drizzleMysql({ client: {} as never }), 'is a MySql2Database of Drizzle'],
    ['Drizzle over another driver', () => drizzleProxy(async () => ({ rows: [] })), 'is a PgRemoteDatabase of Drizzle'],
    [
      'Drizzle over a single connection',
      () => drizzle({ client: new Client() }),
      'is a database of Drizzle over a single Client',
    ],
  ])('%s', (_name, client, mistake) => {
    const options = { client: client() } as PostgresStorageOptions;
    expect(() => new PostgresSagaStorage(options)).toThrow(
      expect.objectContaining({
        code: 'SAGA_CONFIGURATION',
        mistakes: [expect.stringContaining(`PostgresSagaStorage: \`client\` ${mistake}`)],
      }),
    );
  });

  it('a DataSource that nobody has initialized when the application starts', async () => {
    await expect(new PostgresSagaStorage({ client: typeOrm }).open()).rejects.toMatchObject({
      code: 'SAGA_CONFIGURATION',
      mistakes: [expect.stringContaining('the DataSource is not initialized. Await its `initialize()`')],
    });
  });
});

describe('the SQLSTATE of an error', () => {
  const driverError = Object.assign(new Error('duplicate key'), { code: '23505' });

  test.each<[string, unknown]>([
    ['the driver', driverError],
    ['TypeORM', new QueryFailedError('SELECT 1', [], driverError)],
    ['Drizzle, as the cause', new Error('Failed query', { cause: driverError })],
    ['MikroORM, as `originalError`', Object.assign(new Error('wrapped'), { originalError: driverError })],
    ['Objection, as `nativeError`', Object.assign(new Error('wrapped'), { nativeError: driverError })],
    ['Prisma, as `meta`', Object.assign(new Error('wrapped'), { code: 'P2010', meta: { code: '23505' } })],
    [
      'Prisma, in its adapter',
      Object.assign(new Error('wrapped'), {
        code: 'P2010',
        meta: { driverAdapterError: new Error('adapter', { cause: { originalCode: '23505' } }) },
      }),
    ],
    ['two of them', new Error('outer', { cause: new Error('inner', { cause: driverError }) })],
  ])('is found in the error of %s', (_library, error) => {
    expect(sqlState(error)).toBe('23505');
  });

  test.each(['EPIPE', 'ECONNRESET', 'P2010', 'P1001', ''])('is not taken from the code %j', (code) => {
    expect(sqlState(Object.assign(new Error('of something else'), { code }))).toBeUndefined();
  });

  it('is not looked for without end', () => {
    const error: Error & { cause?: unknown } = new Error('its own cause');
    error.cause = error;
    expect(sqlState(error)).toBeUndefined();
  });
});

describe('PostgresSagaStorage needs a second connection where one listens', () => {
  const ofOne: readonly [string, () => PostgresStorageOptions['client']][] = [
    ['a Pool', () => new Pool({ max: 1 })],
    ['Knex', () => knex({ client: 'pg', connection: 'postgres://localhost/shop', pool: { min: 0, max: 1 } })],
    ['Drizzle', () => drizzle({ client: new Pool({ max: 1 }) })],
  ];

  test.each(ofOne)('%s of one connection is refused', (_name, client) => {
    expect(() => new PostgresSagaStorage({ client: client() })).toThrow(
      expect.objectContaining({
        code: 'SAGA_CONFIGURATION',
        message: expect.stringContaining('listening to other replicas keeps one: allow it 2, or set `listener: false`'),
      }),
    );
  });

  test.each(ofOne)('%s of one connection will do where none listens', (_name, client) => {
    expect(() => new PostgresSagaStorage({ client: client(), listener: false })).not.toThrow();
  });
});
