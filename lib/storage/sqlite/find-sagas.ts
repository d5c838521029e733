import { checkQuery, type CheckedQuery } from '../checked-query.js';
import { isFinal, type SagaSummary } from '../saga-record.js';
import type { Page, SagaQuery } from '../saga-queries.js';
import { toPage, type HeadRow } from '../rows/saga-rows.js';
import { isAmongUnfinished, isOfAnyName, isOnThePath, splitByIndex } from '../sql/listed-sagas.js';
import { SAGA_NAMES } from '../sql/saga-names.js';
import { OFF_THE_PATH, UNFINISHED, type SagaTables } from '../sql/saga-tables.js';
import type { SqliteConnection } from './sqlite-connection.js';
import type { SqliteValue } from './sqlite-client.js';

/** A page of heads, newest first. One row more than the page holds tells whether there is another page. */
export function findSagas(connection: SqliteConnection, query: SagaQuery): Page<SagaSummary> {
  const checked = checkQuery(query);
  const { sql, values } = selectPage(connection.tables, checked);
  const rows = connection.allOnce<HeadRow>(sql, ...values);
  return toPage(rows, checked.limit);
}

const NEWEST = 'ORDER BY created_at DESC, id DESC LIMIT ?';

interface Filter {
  readonly sql: string;
  readonly values: readonly SqliteValue[];
}

/**
 * The statement for a query: the conditions that it has, and no others, so that SQLite can choose the index for them. Only for waiting and
 * running sagas does it have to be told: it would go through all that ever were, in their order, to find the few that are unfinished.
 */
export function selectPage(tables: SagaTables, query: CheckedQuery): Filter {
  const size = query.limit + 1;
  if (isOfAnyName(query)) {
    const filters = filtersOf(query);
    return { sql: mergeNames(tables, filters), values: [...valuesOf(filters), size, size] };
  }
  const parts = splitByIndex(query).map((part) => selectPart(tables, part));
  if (parts[0] !== undefined && parts.length === 1) return parts[0];
  const union = parts.map(({ sql }) => `SELECT * FROM (${sql})`).join(' UNION ALL ');
  return { sql: `SELECT * FROM (${union}) ${NEWEST}`, values: [...valuesOf(parts), size] };
}

function selectPart({ heads }: SagaTables, query: CheckedQuery): Filter {
  const filters = filtersOf(query);
  const index = isAmongUnfinished(query) ? `INDEXED BY ${heads}_unfinished` : '';
  const sql = `SELECT * FROM ${heads} ${index} ${whereAll(filters)} ${NEWEST}`;
  return { sql, values: [...valuesOf(filters), query.limit + 1] };
}

function valuesOf(filters: readonly Filter[]): readonly SqliteValue[] {
  return filters.flatMap(({ values }) => values);
}

/** Of each name as many as the page may hold, and of those the newest. */
function mergeNames(tables: SagaTables, filters: readonly Filter[]): string {
  const { heads } = tables;
  const ofOneName = whereAll([{ sql: 'name = saga.name' }, ...filters]);
  return `
    WITH RECURSIVE ${SAGA_NAMES(tables)}
    SELECT head.* FROM saga CROSS JOIN ${heads} head ON head.id IN (SELECT id FROM ${heads} ${ofOneName} ${NEWEST})
    ${NEWEST}`;
}

function whereAll(filters: readonly Pick<Filter, 'sql'>[]): string {
  return filters.length === 0 ? '' : `WHERE ${filters.map(({ sql }) => sql).join(' AND ')}`;
}

function filtersOf(query: CheckedQuery): readonly Filter[] {
  const { statuses, name, step, error, held, createdAfter, createdBefore, after } = query;
  const filters: Filter[] = [];
  const where = (sql: string, ...values: SqliteValue[]) => filters.push({ sql, values });
  if (statuses) {
    where(`status IN (${statuses.map(() => '?').join(', ')})`, ...statuses);
    // They say again what the list says already: only in these words does SQLite know that a partial index will do.
    if (!statuses.some(isOnThePath)) where(OFF_THE_PATH);
    else if (!statuses.some(isFinal)) where(UNFINISHED);
  }
  if (name !== undefined) where('name = ?', name);
  if (step !== undefined) where('failed_step = ?', step);
  if (error !== undefined) where('error IS NOT NULL');
  // Both lower() and instr() know ASCII letters only, and no wildcards.
  if (error !== undefined)
    where(`instr(lower(IIF(json_valid(error), error ->> '$.message', NULL)), lower(?)) > 0`, error);
  if (held !== undefined) where('held_code IS NOT NULL');
  if (typeof held === 'string') where('held_code = ?', held);
  if (createdAfter) where('created_at > ?', createdAfter.getTime());
  // The plus keeps this bound off the index when there is a cursor, which is the nearer one.
  if (createdBefore) where(`${after ? '+' : ''}created_at < ?`, createdBefore.getTime());
  if (after) where('(created_at, id) < (?, ?)', after.createdAt, after.id);
  return filters;
}
