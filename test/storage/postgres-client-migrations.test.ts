import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import createKnex, { type Knex } from 'knex';
import { Kysely, PostgresDialect } from 'kysely';
import { typeOrmOptions } from '../harness/postgres-clients.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { serverConfig, whereThereIsPostgres } from '../harness/postgres-server.js';
import { describeClientMigrations } from './describe-client-migrations.js';

await whereThereIsPostgres('Migrations of PostgresSagaStorage in other tools', () =>
  describeClientMigrations({
    open: () => PostgresSchema.create(),
    storage: (schema) => schema.storage({ migrate: false }),
    typeOrm: typeOrmOptions,
    knex: ({ connectionOptions: options }) =>
      createKnex({ client: 'pg', connection: { ...serverConfig, options } as Knex.PgConnectionConfig }),
    kysely: (schema) => new Kysely({ dialect: new PostgresDialect({ pool: schema.pool() }) }),
    drizzle: (schema, migrationsFolder) =>
      migrate(drizzle({ client: schema.pool() }), { migrationsFolder, migrationsSchema: schema.name }),
    script: async (schema, text) => {
      await schema.query(text);
    },
  }),
);
