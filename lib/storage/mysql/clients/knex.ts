import { knexLibrary } from '../../sql/clients/knex.js';
import type { MysqlQuery } from '../mysql-client.js';
import type { StatementClient } from '../pool-client.js';
import { runBy, type CallbackRunner } from './driver-connection.js';

/** A Knex instance over `mysql2`. */
export const knex = knexLibrary<CallbackRunner, MysqlQuery, StatementClient>({
  driver: 'mysql2',
  dialect: 'mysql',
  runBy,
  use: (client) => client,
});
