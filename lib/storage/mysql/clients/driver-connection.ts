import type { RunBy } from '../../sql/clients/sql-client.js';
import type { MysqlQuery, MysqlStatement } from '../mysql-client.js';
import { queryOf } from '../pool-client.js';

/** What runs statements of `mysql2`: a pool or one of its connections, as `mysql2/promise` makes them. */
export interface MysqlRunner {
  query(statement: MysqlStatement): Promise<unknown>;
}

/** A pool or connection as `mysql2` itself makes it, which answers by callbacks and knows its promising form. */
export interface CallbackRunner {
  promise(): MysqlRunner;
}

/** How statements run on a pool or connection that a library keeps, in either form of `mysql2`. */
export function queryOn(runner: MysqlRunner | CallbackRunner): MysqlQuery {
  return queryOf('promise' in runner ? runner.promise() : runner);
}

/** How statements run on connections of `mysql2` that a library lends. */
export const runBy: RunBy<MysqlRunner | CallbackRunner, MysqlQuery> = (on) => (sql, values) =>
  on((connection) => queryOn(connection)(sql, values));
