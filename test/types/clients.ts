import type { EntityManager as MikroOrmEntityManager, MikroORM as MikroOrmOnMysql } from '@mikro-orm/mysql';
import type { MikroORM, SqlEntityManager } from '@mikro-orm/postgresql';
import type { Database as BetterSqliteDatabase, Statement as BetterSqliteStatement } from 'better-sqlite3';
import type { drizzle as drizzleOnMysql } from 'drizzle-orm/mysql2';
import type { drizzle } from 'drizzle-orm/node-postgres';
import type { Knex } from 'knex';
import type { Kysely, Transaction } from 'kysely';
import type { Pool as CallbackPool } from 'mysql2';
import type { Pool as MysqlPool, PoolConnection } from 'mysql2/promise';
import type { TransactionOf } from 'nest-saga';
import type { MysqlClient, MysqlSagaStorage } from 'nest-saga/mysql';
import type { PostgresClient, PostgresSagaStorage } from 'nest-saga/postgres';
import type { SqliteStorageOptions } from 'nest-saga/sqlite';
import type { Pool, PoolClient } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import type { PrismaClient, PrismaTransaction } from '../harness/prisma-client.js';

interface Tables {
  readonly orders: { readonly id: string };
}

type Database = ReturnType<typeof drizzle>;
type DrizzleTransaction = Parameters<Parameters<Database['transaction']>[0]>[0];

type MysqlDatabase = ReturnType<typeof drizzleOnMysql>;
type MysqlDrizzleTransaction = Parameters<Parameters<MysqlDatabase['transaction']>[0]>[0];

/** Compiles where both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** What a transactional step gets is what the storage's client hands out. */
export const handles: readonly true[] = [
  true satisfies Same<TransactionOf<PostgresSagaStorage<Pool>>, PoolClient>,
  true satisfies Same<TransactionOf<PostgresSagaStorage<DataSource>>, EntityManager>,
  true satisfies Same<TransactionOf<PostgresSagaStorage<Kysely<Tables>>>, Transaction<Tables>>,
  true satisfies Same<TransactionOf<PostgresSagaStorage<Knex>>, Knex.Transaction>,
  true satisfies Same<TransactionOf<PostgresSagaStorage<Database>>, DrizzleTransaction>,
  true satisfies Same<TransactionOf<PostgresSagaStorage<PrismaClient>>, PrismaTransaction>,
  true satisfies Same<TransactionOf<PostgresSagaStorage<MikroORM>>, MikroORM['em']>,
  true satisfies Same<TransactionOf<PostgresSagaStorage<PostgresClient<Tables>>>, Tables>,
  true satisfies Same<TransactionOf<MysqlSagaStorage<MysqlPool>>, PoolConnection>,
  true satisfies Same<TransactionOf<MysqlSagaStorage<CallbackPool>>, PoolConnection>,
  true satisfies Same<TransactionOf<MysqlSagaStorage<DataSource>>, EntityManager>,
  true satisfies Same<TransactionOf<MysqlSagaStorage<Kysely<Tables>>>, Transaction<Tables>>,
  true satisfies Same<TransactionOf<MysqlSagaStorage<Knex>>, Knex.Transaction>,
  true satisfies Same<TransactionOf<MysqlSagaStorage<MysqlDatabase>>, MysqlDrizzleTransaction>,
  true satisfies Same<TransactionOf<MysqlSagaStorage<PrismaClient>>, PrismaTransaction>,
  true satisfies Same<TransactionOf<MysqlSagaStorage<MikroOrmOnMysql>>, MikroOrmOnMysql['em']>,
  true satisfies Same<TransactionOf<MysqlSagaStorage<MysqlClient<Tables>>>, Tables>,
];

/** The EntityManager that MikroORM hands out is its driver's own. */
export const managers = [
  (handle: TransactionOf<PostgresSagaStorage<MikroORM>>): SqlEntityManager => handle,
  (handle: TransactionOf<MysqlSagaStorage<MikroOrmOnMysql>>): MikroOrmEntityManager => handle,
];

/** better-sqlite3 is compiled where it is installed, so only its types are here: they say that its databases are taken as they are. */
export const databases = [
  (database: BetterSqliteDatabase): SqliteStorageOptions => ({ client: database }),
  // @ts-expect-error a statement is no database
  (statement: BetterSqliteStatement): SqliteStorageOptions => ({ client: statement }),
];
