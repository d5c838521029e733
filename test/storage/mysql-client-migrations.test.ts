import { drizzle } from 'drizzle-orm/mysql2';
import { migrate } from 'drizzle-orm/mysql2/migrator';
import createKnex, { type Knex } from 'knex';
import { Kysely, MysqlDialect } from 'kysely';
import { typeOrmOptions } from '../harness/mysql-clients.js';
import { serverConfig } from '../harness/mysql-config.js';
import { MysqlDatabase } from '../harness/mysql-database.js';
import { whereThereIsMysql } from '../harness/mysql-server.js';
import { describeClientMigrations } from './describe-client-migrations.js';

await whereThereIsMysql('Migrations of MysqlSagaStorage in other tools', () =>
  describeClientMigrations({
    open: () => MysqlDatabase.create(),
    storage: (database) => database.storage({ migrate: false }),
    typeOrm: typeOrmOptions,
    knex: ({ name }) =>
      createKnex({ client: 'mysql2', connection: { ...serverConfig, database: name } as Knex.MySql2ConnectionConfig }),
    kysely: (database) => new Kysely({ dialect: new MysqlDialect({ pool: database.pool().pool }) }),
    drizzle: (database, migrationsFolder) => migrate(drizzle({ client: database.pool() }), { migrationsFolder }),
    async script(database, text) {
      await database.pool({ multipleStatements: true }).query(text);
    },
  }),
);
