import { kyselyLibrary } from '../../sql/clients/kysely.js';
import type { MysqlQuery } from '../mysql-client.js';
import type { StatementClient } from '../pool-client.js';

/** A Kysely instance of MySQL. */
export const kysely = kyselyLibrary<MysqlQuery, StatementClient>({
  dialect: 'MySQL',
  runBy: (execute) => async (sql, values) => {
    const { rows, numAffectedRows = 0n } = await execute(sql, values);
    return { rows, affectedRows: Number(numAffectedRows) };
  },
  use: (client) => client,
});
