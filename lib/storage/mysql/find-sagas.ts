import { checkQuery, type CheckedQuery } from '../checked-query.js';
import { SAGA_STATUSES, UNFINISHED_STATUSES, type SagaSummary } from '../saga-record.js';
import type { Page, SagaQuery } from '../saga-queries.js';
import { toPage, type HeadRow } from '../rows/saga-rows.js';
import { asksForReasons, isAmongUnfinished, isOnThePath, splitByIndex } from '../sql/listed-sagas.js';
import { isStorable } from '../rows/storable.js';
import { boundStatement, listOf, type Bind, type BoundStatement } from './bound-statement.js';
import { searchable } from './change-head.js';
import { HEAD_COLUMNS, selectList } from './columns.js';
import type { MysqlConnection } from './mysql-connection.js';

/** A page of heads, newest first. One row more than the page holds tells whether there is another page. */
export async function findSagas(connection: MysqlConnection, query: SagaQuery): Promise<Page<SagaSummary>> {
  const checked = checkQuery(query);
  const { text, values } = selectPage(connection.tables.heads, checked);
  if (values.some((value) => typeof value === 'string' && !isStorable(value))) return { items: [] };
  return toPage(await connection.allOnce<HeadRow>(text, ...values), checked.limit);
}

/** The statement for a query: the conditions that it has, and no others, so that the server can choose the index for them. */
export function selectPage(heads: string, query: CheckedQuery): BoundStatement {
  return boundStatement((bind) => {
    const newest = (alias: string) =>
      `ORDER BY ${alias}created_at DESC, ${alias}id DESC LIMIT ${bind(query.limit + 1)}`;
    const parts = splitByIndex(query).map((part) => {
      const source = sourceOf(heads, part, bind);
      const conditions = conditionsOf(part, bind);
      const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
      return `SELECT ${selectList(HEAD_COLUMNS)} FROM ${source} ${where} ${newest('head.')}`;
    });
    return parts.length === 1 ? parts.join('') : `(${parts.join(') UNION ALL (')}) ${newest('')}`;
  });
}

/** Those that have not ended are few, but the server would go through all that ever were, in their order, to find them. */
function sourceOf(heads: string, query: CheckedQuery, bind: Bind): string {
  if (!isAmongUnfinished(query)) return `${heads} head`;
  return `(
      SELECT id FROM ${heads} FORCE INDEX (unfinished) WHERE runs_under >= X''
      UNION SELECT id FROM ${heads} FORCE INDEX (by_status) WHERE listed_status IN ${listOf(bind, UNFINISHED_STATUSES)}
    ) unfinished STRAIGHT_JOIN ${heads} head ON head.id = unfinished.id`;
}

/** Sagas that the index by status holds all of. */
function isOfTheListed(query: CheckedQuery): boolean {
  return asksForReasons(query) || (query.statuses !== undefined && !query.statuses.some(isOnThePath));
}

function conditionsOf(query: CheckedQuery, bind: Bind): readonly string[] {
  const { statuses, name, step, error, held, createdAfter, createdBefore, after } = query;
  const conditions: string[] = [];
  // The index by status is asked in its own words.
  if (isOfTheListed(query)) conditions.push(`head.listed_status IN ${listOf(bind, statuses ?? SAGA_STATUSES)}`);
  else if (statuses) conditions.push(`head.status IN ${listOf(bind, statuses)}`);
  if (name !== undefined) conditions.push(`head.name = ${bind(name)}`);
  if (step !== undefined) conditions.push(`head.failed_step = ${bind(step)}`);
  if (error !== undefined) {
    conditions.push(
      'head.error_search IS NOT NULL',
      `INSTR(CAST(head.error_search AS BINARY), ${bind(lower(error))}) > 0`,
    );
  }
  if (held === true) conditions.push('head.held_code IS NOT NULL');
  if (typeof held === 'string') conditions.push(`head.held_code = ${bind(held)}`);
  if (createdAfter) conditions.push(`head.created_at > ${bind(createdAfter.getTime())}`);
  if (createdBefore) conditions.push(`head.created_at < ${bind(createdBefore.getTime())}`);
  // Spelled out, because the comparison of rows does not lead to an index.
  if (after) {
    const { createdAt, id } = after;
    conditions.push(
      `head.created_at <= ${bind(createdAt)} AND (head.created_at < ${bind(createdAt)} OR head.id < ${bind(id)})`,
    );
  }
  return conditions;
}

/** As the errors are stored; what cannot be stored stays as it is, and is looked for by nobody. */
function lower(text: string): string {
  return isStorable(text) ? searchable(text) : text;
}
