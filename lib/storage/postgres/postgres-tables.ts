import { sagaTables, type SagaTables } from '../sql/saga-tables.js';

/** The tables by the names under which statements find them, and what their own names are made of. */
export interface PostgresTables extends SagaTables {
  /** The schema that was asked for; `undefined`: the first of the search path. */
  readonly schema: string | undefined;
  readonly prefix: string;
}

/** The names of the tables, qualified where a schema was asked for. */
export function postgresTables({ schema, prefix }: Pick<PostgresTables, 'schema' | 'prefix'>): PostgresTables {
  const qualified = schema === undefined ? prefix : `${quoted(schema)}.${prefix}`;
  return { ...sagaTables(qualified), schema, prefix };
}

/** A name that PostgreSQL takes as it stands. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
