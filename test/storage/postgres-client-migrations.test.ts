import { describe, expect, test } from '@jest/globals';
import createKnex from 'knex';
import { Kysely, Migrator, PostgresDialect, sql, type Migration } from 'kysely';
import { DataSource, type QueryRunner } from 'typeorm';
import { typeOrmOptions } from '../harness/postgres-clients.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';

/** Each library's own tool, as `docs/clients.md` tells to use it, with one migration of its own for each of the storage's. */
const TOOLS: readonly [tool: string, run: (schema: PostgresSchema, texts: readonly string[]) => Promise<unknown>][] = [
  [
    'TypeORM',
    async (schema, texts) => {
      const migrations = texts.map(
        (text, i) =>
          class {
            name = `Sagas${1700000000000 + i}`;
            async up(runner: QueryRunner): Promise<void> {
              await runner.query(text);
            }
            async down(): Promise<void> {
              return Promise.reject(new Error('unused'));
            }
          },
      );
      const dataSource = await new DataSource({ ...typeOrmOptions(schema), migrations }).initialize();
      await dataSource.runMigrations();
      await dataSource.destroy();
    },
  ],
  [
    'Knex',
    async (schema, texts) => {
      const migrationSource = {
        getMigrations: async () => [...texts],
        getMigrationName: (text: string) => `sagas-${texts.indexOf(text) + 1}`,
        getMigration: async (text: string) => ({
          up: async (knex: createKnex.Knex) => {
            await knex.raw(text);
          },
          down: async () => undefined,
        }),
      };
      await createKnex({ client: 'pg', connectionPool: schema.pool() }).migrate.latest({ migrationSource });
    },
  ],
  [
    'Kysely',
    async (schema, texts) => {
      const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: schema.pool() }) });
      const migrations: Record<string, Migration> = {};
      for (const [i, text] of texts.entries()) {
        migrations[`sagas-${i + 1}`] = {
          up: async (database) => {
            await sql.raw(text).execute(database);
          },
        };
      }
      const { error } = await new Migrator({
        db,
        provider: { getMigrations: async () => migrations },
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
        const texts = storage.migrations().map(({ sql: text }) => text);
        await run(schema, texts);
        await storage.open();
        expect(await storage.load('none')).toBeUndefined();
      } finally {
        await schema.drop();
      }
    });
  });
});
