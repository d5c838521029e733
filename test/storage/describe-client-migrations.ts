import { describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Knex } from 'knex';
import { Migrator, sql, type Kysely } from 'kysely';
import type { SagaStorage } from 'nest-saga';
import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';

/** A migration as a storage prints it. */
interface PrintedMigration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
  readonly sql: string;
}

/** What the libraries' own tools need of a schema or database. */
export interface MigrationTools<Place> {
  open(): Promise<Place>;
  storage(place: Place): SagaStorage & { migrations(): readonly PrintedMigration[] };
  typeOrm(place: Place): DataSourceOptions;
  knex(place: Place): Knex;
  kysely(place: Place): Kysely<unknown>;
  /** Runs a folder of Drizzle's migrations. */
  drizzle(place: Place, migrationsFolder: string): Promise<void>;
  /** Runs a file. */
  script(place: Place, text: string): Promise<void>;
}

/** Has the printed migrations run in the migrations of each library, as `docs/clients.md` tells to do it. */
export function describeClientMigrations<Place extends { drop(): Promise<void> }>(tools: MigrationTools<Place>): void {
  const runs: readonly [tool: string, run: (place: Place, migration: PrintedMigration) => Promise<unknown>][] = [
    ['TypeORM', (place, migration) => runInTypeOrm(tools.typeOrm(place), migration)],
    ['Knex', (place, migration) => runInKnex(tools.knex(place), migration)],
    ['Kysely', (place, migration) => runInKysely(tools.kysely(place), migration)],
    ['Drizzle', (place, migration) => inDrizzleFolder(migration, (folder) => tools.drizzle(place, folder))],
    ['whatever takes files', (place, { sql: text }) => tools.script(place, text)],
  ];
  describe('the printed migrations', () => {
    test.each(runs)('run in the migrations of %s', async (_tool, run) => {
      const place = await tools.open();
      try {
        const storage = tools.storage(place);
        for (const migration of storage.migrations()) await run(place, migration);
        await storage.open();
        expect(await storage.load('none')).toBeUndefined();
      } finally {
        await place.drop();
      }
    });
  });
}

async function runInTypeOrm(options: DataSourceOptions, { version, statements }: PrintedMigration): Promise<void> {
  const migration = class {
    readonly name = `Sagas${1_700_000_000_000 + version}`;
    async up(runner: QueryRunner): Promise<void> {
      for (const statement of statements) await runner.query(statement);
    }
    async down(): Promise<void> {
      return Promise.reject(new Error('unused'));
    }
  };
  const dataSource = await new DataSource({ ...options, migrations: [migration] }).initialize();
  await dataSource.runMigrations();
  await dataSource.destroy();
}

async function runInKnex(knex: Knex, { name, statements }: PrintedMigration): Promise<void> {
  const migration = {
    up: async (transaction: Knex) => {
      for (const statement of statements) await transaction.raw(statement);
    },
    down: async () => undefined,
  };
  const migrationSource = {
    getMigrations: async () => [name],
    getMigrationName: () => name,
    getMigration: async () => migration,
  };
  await knex.migrate.latest({ migrationSource, tableName: `knex_${name.replaceAll('-', '_')}` });
  await knex.destroy();
}

async function runInKysely(db: Kysely<unknown>, { name, statements }: PrintedMigration): Promise<void> {
  const migration = {
    up: async (database: Kysely<unknown>) => {
      for (const statement of statements) await sql.raw(statement).execute(database);
    },
  };
  const provider = { getMigrations: async () => ({ [name]: migration }) };
  const migrationTableName = `kysely_${name.replaceAll('-', '_')}`;
  const { error } = await new Migrator({ db, provider, migrationTableName }).migrateToLatest();
  expect(error).toBeUndefined();
}

/** A folder as `drizzle-kit generate --custom` makes it. */
async function inDrizzleFolder(
  { version, name, statements }: PrintedMigration,
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nest-saga-drizzle-'));
  try {
    const tag = `${version}_${name}`;
    await writeFile(path.join(folder, `${tag}.sql`), statements.join('\n--> statement-breakpoint\n'));
    await mkdir(path.join(folder, 'meta'));
    const entries = [{ idx: 0, version: '7', when: 1_700_000_000_000 + version, tag, breakpoints: true }];
    await writeFile(path.join(folder, 'meta/_journal.json'), JSON.stringify({ version: '7', dialect: '', entries }));
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
