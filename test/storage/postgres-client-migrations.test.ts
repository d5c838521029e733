import { describe, expect, test } from '@jest/globals';
import createKnex from 'knex';
import { Kysely, Migrator, PostgresDialect, sql } from 'kysely';
import { DataSource, type QueryRunner } from 'typeorm';
import { typeOrmOptions } from '../harness/postgres-clients.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';

/** Each library's own tool, as `docs/clients.md` tells to use it. */
const TOOLS: readonly [tool: string, run: (schema: PostgresSchema, text: string) => Promise<unknown>][] = [
  [
    'TypeORM',
    async (schema, text) => {
      class Sagas1700000000000 {
        async up(runner: QueryRunner): Promise<void> {
          await runner.query(text);
        }
        async down(): Promise<void> {
          return Promise.reject(new Error('unused'));
        }
      }
      const options = typeOrmOptions(schema);
      const dataSource = await new DataSource({ ...options, migrations: [Sagas1700000000000] }).initialize();
      await dataSource.runMigrations();
      await dataSource.destroy();
    },
  ],
  [
    'Knex',
    async (schema, text) => {
      const migration = {
        up: async (knex: createKnex.Knex) => {
          await knex.raw(text);
        },
        down: async () => undefined,
      };
      const migrationSource = {
        getMigrations: async () => ['sagas'],
        getMigrationName: (name: string) => name,
        getMigration: async () => migration,
      };
      await createKnex({ client: 'pg', connectionPool: schema.pool() }).migrate.latest({ migrationSource });
    },
  ],
  [
    'Kysely',
    async (schema, text) => {
      const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: schema.pool() }) });
      const sagas = {
        up: async (database: Kysely<unknown>) => {
          await sql.raw(text).execute(database);
        },
      };
      const { error } = await new Migrator({
        db,
        provider: { getMigrations: async () => ({ sagas }) },
      }).migrateToLatest();
      expect(error).toBeUndefined();
    },
  ],
];

await whereThereIsPostgres('Migrations of PostgresSagaStorage in other tools', () => {
  describe('the printed migrations', () => {
    test.each(TOOLS)('run in the migrations of %s', async (_tool, run) => {
      const schema = await PostgresSchema.create();
      try {
        const storage = schema.storage({ migrate: false });
        for (const { sql: text } of storage.migrations().slice(0, 1)) await run(schema, text);
        await storage.open();
        expect(await storage.load('none')).toBeUndefined();
      } finally {
        await schema.drop();
      }
    });
  });
});
