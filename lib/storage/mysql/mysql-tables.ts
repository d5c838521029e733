import { sagaTables, type SagaTables } from '../sql/saga-tables.js';

/** The tables by the names under which statements find them, and what their own names are made of. */
export interface MysqlTables extends SagaTables {
  /** The database that was asked for; `undefined`: the client's own. */
  readonly database: string | undefined;
  readonly prefix: string;
}

/** The names of the tables, qualified where a database was asked for. */
export function mysqlTables({ database, prefix }: Pick<MysqlTables, 'database' | 'prefix'>): MysqlTables {
  const qualified = database === undefined ? prefix : `${quoted(database)}.${prefix}`;
  return { ...sagaTables(qualified), database, prefix };
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
