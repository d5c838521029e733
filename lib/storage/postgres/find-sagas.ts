import { checkQuery, type CheckedQuery } from '../checked-query.js';
import { isFinal, type SagaSummary } from '../saga-record.js';
import type { Page, SagaQuery } from '../saga-queries.js';
import { toPage, type HeadRow } from '../rows/saga-rows.js';
import { isOfAnyName, isOnThePath, splitByIndex } from '../sql/listed-sagas.js';
import { SAGA_NAMES } from '../sql/saga-names.js';
import { OFF_THE_PATH, UNFINISHED, type SagaTables } from '../sql/saga-tables.js';
import { isStorable } from '../rows/storable.js';
import { HEAD_COLUMNS } from './columns.js';
import { time, timeValue } from './database-clock.js';
import type { PostgresConnection } from './postgres-connection.js';
import { boundStatement, type Bind, type BoundStatement } from './row-set.js';

/** A page of heads, newest first. One row more than the page holds tells whether there is another page. */
export async function findSagas(connection: PostgresConnection, query: SagaQuery): Promise<Page<SagaSummary>> {
  const checked = checkQuery(query);
  const { text, values } = selectPage(connection.tables, checked);
  if (values.some((value) => typeof value === 'string' && !isStorable(value))) return { items: [] };
  return toPage(await connection.allOnce<HeadRow>(text, ...values), checked.limit);
}

/** The statement for a query: the conditions that it has, and no others, so that PostgreSQL can choose the index for them. */
export function selectPage(tables: SagaTables, query: CheckedQuery): BoundStatement {
  return boundStatement((bind) => {
    const newest = `ORDER BY head.created_at DESC, head.id DESC LIMIT ${bind(query.limit + 1)}`;
    if (isOfAnyName(query)) return mergeNames(tables, conditionsOf(query, bind), newest);
    const parts = splitByIndex(query).map(
      (part) => `(SELECT head.* FROM ${tables.heads} head ${whereAll(conditionsOf(part, bind))} ${newest})`,
    );
    return `SELECT ${HEAD_COLUMNS} FROM (${parts.join(' UNION ALL ')}) head ${newest}`;
  });
}

/** Of each name as many as the page may hold, and of those the newest. */
function mergeNames(tables: SagaTables, conditions: readonly string[], newest: string): string {
  const ofOneName = whereAll(['head.name = saga.name', ...conditions]);
  return `
    WITH RECURSIVE ${SAGA_NAMES(tables)}
    SELECT ${HEAD_COLUMNS}
    FROM saga CROSS JOIN LATERAL (SELECT head.* FROM ${tables.heads} head ${ofOneName} ${newest}) head
    ${newest}`;
}

function whereAll(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
}

function conditionsOf(query: CheckedQuery, bind: Bind): readonly string[] {
  const { statuses, name, step, error, held, createdAfter, createdBefore, after } = query;
  const bindTime = (ms: number): string => time(bind(timeValue(ms)));
  const conditions: string[] = [];
  if (statuses) {
    conditions.push(`head.status IN (${statuses.map(bind).join(', ')})`);
    // They say again what the list says already: only in these words does PostgreSQL know that a partial index will do.
    if (!statuses.some(isOnThePath)) conditions.push(`head.${OFF_THE_PATH}`);
    if (!statuses.some(isFinal)) conditions.push(`head.${UNFINISHED}`);
  }
  if (name !== undefined) conditions.push(`head.name = ${bind(name)}`);
  if (step !== undefined) conditions.push(`head.failed_step = ${bind(step)}`);
  // The column's collation makes lower() know ASCII letters only, and strpos() knows no wildcards.
  if (error !== undefined) {
    conditions.push(
      `head.error_message IS NOT NULL`,
      `strpos(lower(head.error_message), lower(${bind(error)} COLLATE "C")) > 0`,
    );
  }
  if (held !== undefined) conditions.push('head.held_code IS NOT NULL');
  if (typeof held === 'string') conditions.push(`head.held_code = ${bind(held)}`);
  if (createdAfter) conditions.push(`head.created_at > ${bindTime(createdAfter.getTime())}`);
  if (createdBefore) conditions.push(`head.created_at < ${bindTime(createdBefore.getTime())}`);
  if (after) conditions.push(`(head.created_at, head.id) < (${bindTime(after.createdAt)}, ${bind(after.id)})`);
  return conditions;
}
