import { prismaLibrary } from '../../sql/clients/prisma.js';
import type { MysqlQuery } from '../mysql-client.js';
import type { StatementClient } from '../pool-client.js';

/** A statement that gives rows; a union begins with a parenthesis. */
const READS = /^[\s(]*(SELECT|WITH)\b/;

/** A Prisma client over `@prisma/adapter-mariadb`. It gives either rows or their number, so it has to be known which of them there are. */
export const prisma = prismaLibrary<MysqlQuery, StatementClient>({
  provider: 'mysql',
  runOn: (statements) => async (sql, values) => {
    if (READS.test(sql)) {
      return { rows: (await statements.$queryRawUnsafe(sql, ...values)) as readonly unknown[], affectedRows: 0 };
    }
    return { rows: [], affectedRows: await statements.$executeRawUnsafe(sql, ...values) };
  },
  use: (client) => client,
});
