import { drizzleLibrary } from '../../sql/clients/drizzle.js';
import type { MysqlQuery } from '../mysql-client.js';
import type { StatementClient } from '../pool-client.js';
import { poolSizeOf } from '../pool-size.js';
import { queryOn, runBy, type CallbackRunner, type MysqlRunner } from './driver-connection.js';

/** A database of Drizzle over a pool of `mysql2`. */
export const drizzle = drizzleLibrary<MysqlRunner, MysqlRunner | CallbackRunner, MysqlQuery, StatementClient>({
  kind: 'MySql2',
  entry: 'drizzle-orm/mysql2',
  isPool: (client): client is MysqlRunner | CallbackRunner => 'getConnection' in client,
  single: 'a single connection, and sagas need several: make it of a pool of mysql2',
  runBy,
  use: (transactions, pool) => ({ ...transactions, poolSize: poolSizeOf(pool), run: queryOn(pool) }),
});
