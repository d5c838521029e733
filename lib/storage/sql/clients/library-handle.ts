import type { DrizzleDatabase } from './drizzle.js';
import type { KnexInstance } from './knex.js';
import type { KyselyDatabase } from './kysely.js';
import type { MikroOrm } from './mikro-orm.js';
import type { PrismaDatabase } from './prisma.js';
import type { TypeOrmDataSource } from './typeorm.js';

/** The handles of libraries that every SQL storage takes. */
export type LibraryDatabase =
  TypeOrmDataSource | KyselyDatabase | KnexInstance | DrizzleDatabase | PrismaDatabase | MikroOrm;

/** What a library's handle hands out as a transaction; `Otherwise` where it is none of these. */
export type LibraryHandle<Client, Otherwise> = Client extends TypeOrmDataSource
  ? Client['manager']
  : Client extends MikroOrm
    ? Client['em']
    : Client extends KyselyDatabase & BeginsByExecute<infer Begin>
      ? HandedOut<Begin>
      : Client extends PrismaDatabase & { $transaction: infer Begin }
        ? HandedOut<Begin>
        : Client extends (DrizzleDatabase | KnexInstance) & { transaction: infer Begin }
          ? HandedOut<Begin>
          : Otherwise;

/** The transaction that a library hands to what runs in it, by the way in which it is begun. */
type HandedOut<Begin> = Begin extends (
  work: (transaction: infer Handle) => Promise<never>,
  ...options: never
) => unknown
  ? Handle
  : never;

/** A library whose transactions begin with `transaction().execute(work)`. */
interface BeginsByExecute<Begin> {
  transaction(): { execute: Begin };
}
