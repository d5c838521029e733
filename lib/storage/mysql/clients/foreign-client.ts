import { FOREIGN_TO_ALL, foreignClients } from '../../sql/clients/client-library.js';

/** Handles that cannot be used as they are, and what to give instead of them. */
export const foreignClient = foreignClients([
  ...FOREIGN_TO_ALL,
  {
    has: ['beginTransaction', 'changeUser'],
    mistake: 'is a single connection of mysql2, and sagas need several: give a pool of mysql2',
  },
  { has: ['connect', 'query', 'idleCount'], mistake: 'is a Pool of pg: give it to PostgresSagaStorage' },
  {
    has: ['connect', 'query', 'escapeLiteral'],
    mistake: 'is a Client of pg, and MysqlSagaStorage needs a pool of mysql2',
  },
  {
    has: ['batch', 'importFile', 'getConnection'],
    mistake:
      'is a pool of the mariadb driver, which answers in its own way: give a pool of mysql2, or put it behind a MysqlClient',
  },
]);
