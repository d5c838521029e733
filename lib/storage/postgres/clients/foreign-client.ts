import type { ClientLibrary } from './client-library.js';

/** Handles that would pass for a client by the names of their functions, or are near to one, and what to give instead of them. */
const FOREIGN: readonly { readonly has: readonly string[]; readonly mistake: string }[] = [
  {
    has: ['query', 'connect', 'escapeLiteral', 'getTypeParser'],
    mistake: 'is a single Client of pg, and sagas need several connections: give a Pool of pg',
  },
  {
    has: ['getRepository', 'transaction'],
    mistake: 'is an EntityManager of TypeORM: give the DataSource',
  },
  { has: ['startTransaction', 'broadcaster'], mistake: 'is a QueryRunner of TypeORM: give the DataSource' },
  {
    has: ['getQueryInterface', 'transaction'],
    mistake: 'is a Sequelize instance, whose `query` means something else: put it behind a PostgresClient',
  },
  {
    has: ['execProtocol', 'transaction'],
    mistake: 'is a PGlite database, whose `transaction` means something else: put it behind a PostgresClient',
  },
  {
    has: ['unsafe', 'begin', 'reserve'],
    mistake: 'is a handle of postgres.js, which sends JSON in its own way: give a Pool of pg',
  },
  { has: ['getConnection', 'execute'], mistake: 'is a client of mysql2: give it to MysqlSagaStorage' },
];

/** Knows what cannot be used as it is. */
export const foreignClient: ClientLibrary = (client) => {
  const found = FOREIGN.find(({ has }) => has.every((name) => name in client));
  return found && { mistake: found.mistake };
};
