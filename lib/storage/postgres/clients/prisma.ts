import { prismaLibrary } from '../../sql/clients/prisma.js';
import { libraryClient, type RunStatement, type StatementClient } from '../pool-client.js';

/** A Prisma client over `@prisma/adapter-pg`. It keeps its connections to itself, so nothing is prepared. */
export const prisma = prismaLibrary<RunStatement, StatementClient>({
  provider: 'postgresql',
  runOn:
    (statements) =>
    async ({ text, values }) => ({ rows: (await statements.$queryRawUnsafe(text, ...values)) as readonly unknown[] }),
  use: (client) => libraryClient(client, { prepares: false }),
});
