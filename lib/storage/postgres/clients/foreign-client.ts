import { FOREIGN_TO_ALL, foreignClients } from '../../sql/clients/client-library.js';

/** Handles that cannot be used as they are, and what to give instead of them. */
export const foreignClient = foreignClients([
  ...FOREIGN_TO_ALL,
  {
    has: ['query', 'connect', 'escapeLiteral', 'getTypeParser'],
    mistake: 'is a single Client of pg, and sagas need several connections: give a Pool of pg',
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
]);
