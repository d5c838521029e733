import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { arrayText } from './array-text.js';
import type { PostgresConnection } from './postgres-connection.js';

/** What the storage does with its tables, and docs/postgres.md grants. What the log says, nobody changes. */
const RIGHTS = {
  heads: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  log: ['SELECT', 'INSERT', 'DELETE'],
  requests: ['SELECT', 'INSERT', 'DELETE'],
  workers: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
} as const;

/** Some grant rights on columns, all of them one by one. */
const SELECT_MISSING = `
  SELECT name, privilege FROM unnest($1::text[], $2::text[]) AS wanted (name, privilege)
  WHERE NOT CASE privilege
    WHEN 'DELETE' THEN has_table_privilege(name::regclass, privilege)
    ELSE has_any_column_privilege(name::regclass, privilege)
  END`;

interface MissingRight {
  readonly name: string;
  readonly privilege: string;
}

/**
 * Looks whether the user may do with the tables what the storage will do: it would find out in the middle of sagas.
 *
 * @throws SagaConfigurationError with all rights that are missing.
 */
export async function checkRights(connection: PostgresConnection): Promise<void> {
  const wanted = Object.entries(RIGHTS).flatMap(([table, privileges]) =>
    privileges.map((privilege) => ({ name: connection.tables[table as keyof typeof RIGHTS], privilege })),
  );
  const missing = await connection.allOnce<MissingRight>(
    SELECT_MISSING,
    arrayText(wanted.map(({ name }) => name)),
    arrayText(wanted.map(({ privilege }) => privilege)),
  );
  if (missing.length === 0) return;
  throw new SagaConfigurationError(
    missing.map(
      ({ name, privilege }) =>
        `PostgresSagaStorage: the user lacks a right: GRANT ${privilege} ON ${name} to it. docs/postgres.md lists all that it needs.`,
    ),
  );
}
