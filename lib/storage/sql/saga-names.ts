import type { Sql } from './saga-tables.js';

/**
 * The names that sagas have, for a `WITH RECURSIVE`: found by hopping through the index by name, one probe for each (a skip scan, which SQLite does
 * only where it has statistics, and PostgreSQL not at all). Last comes NULL, which joins with nothing.
 */
export const SAGA_NAMES: Sql = ({ heads }) => `
  saga (name) AS (
    SELECT (SELECT MIN(name) FROM ${heads})
    UNION ALL
    SELECT (SELECT MIN(head.name) FROM ${heads} head WHERE head.name > saga.name) FROM saga WHERE saga.name IS NOT NULL
  )`;
