import type { Knex } from 'knex';
import type { Transaction } from 'kysely';
import type { EntityManager } from 'typeorm';
import type { PrismaTransaction } from './prisma-client.js';

/** The table in which tests note what the application has written. */
export interface Notes {
  readonly test_notes: { readonly note: string };
}

/** Each makes an insert by its library's query builder, and gives what sends it. */
export function insertByTypeOrm(manager: EntityManager, note: string): () => PromiseLike<unknown> {
  const insert = manager.createQueryBuilder().insert().into('test_notes', ['note']).values({ note });
  return () => insert.execute();
}

export function insertByKysely(transaction: Transaction<Notes>, note: string): () => PromiseLike<unknown> {
  const insert = transaction.withoutPlugins().insertInto('test_notes').values({ note });
  return () => insert.execute();
}

export function insertByKnex(transaction: Knex, note: string): () => PromiseLike<unknown> {
  const insert = transaction('test_notes').insert({ note });
  return () => insert;
}

/** A promise of Prisma sends nothing before it is awaited. */
export function insertByPrisma(transaction: PrismaTransaction, note: string): () => PromiseLike<unknown> {
  const insert = transaction.$executeRawUnsafe(`INSERT INTO test_notes (note) VALUES ('${note}')`);
  return () => insert;
}
