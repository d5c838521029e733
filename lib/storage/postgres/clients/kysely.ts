import { kyselyLibrary } from '../../sql/clients/kysely.js';
import { libraryClient, type RunStatement, type StatementClient } from '../pool-client.js';

/** A Kysely instance of PostgreSQL. It keeps its connections to itself, so nothing is prepared. */
export const kysely = kyselyLibrary<RunStatement, StatementClient>({
  dialect: 'PostgreSQL',
  runBy:
    (execute) =>
    ({ text, values }) =>
      execute(text, values),
  use: (client) => libraryClient(client, { prepares: false }),
});
