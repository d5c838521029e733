import type { drizzle } from 'drizzle-orm/node-postgres';
import type { Knex } from 'knex';
import type { Kysely, Transaction } from 'kysely';
import type { TransactionOf } from 'nest-saga';
import type { PostgresClient, PostgresSagaStorage } from 'nest-saga/postgres';
import type { Pool, PoolClient } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

interface Tables {
  readonly orders: { readonly id: string };
}

type Database = ReturnType<typeof drizzle>;
type DrizzleTransaction = Parameters<Parameters<Database['transaction']>[0]>[0];

/** Compiles where both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** What a transactional step gets is what the storage's client hands out. */
export const handles: readonly true[] = [
  true satisfies Same<TransactionOf<PostgresSagaStorage<Pool>>, PoolClient>,
  true satisfies Same<TransactionOf<PostgresSagaStorage<DataSource>>, EntityManager>,
  true satisfies Same<TransactionOf<PostgresSagaStorage<Kysely<Tables>>>, Transaction<Tables>>,
  true satisfies Same<TransactionOf<PostgresSagaStorage<Knex>>, Knex.Transaction>,
  true satisfies Same<TransactionOf<PostgresSagaStorage<Database>>, DrizzleTransaction>,
  true satisfies Same<TransactionOf<PostgresSagaStorage<PostgresClient<Tables>>>, Tables>,
];
