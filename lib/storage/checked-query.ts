import { InvalidQueryError } from '../errors/invalid-query-error.js';
import { decodeCursor, type PageCursor } from './page-cursor.js';
import { SAGA_STATUSES, type SagaStatus } from './saga-record.js';
import type { SagaQuery } from './saga-queries.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1000;

/** A {@link SagaQuery} with its defaults filled in, its cursor read, and nothing in it that a database would choke on. */
export interface CheckedQuery extends Omit<SagaQuery, 'status' | 'limit' | 'after'> {
  /** Absent: all. Never empty. */
  readonly statuses?: readonly SagaStatus[];
  /** From 1 to 1000. */
  readonly limit: number;
  /** Behind which saga to go on; absent: from the newest. */
  readonly after?: PageCursor;
}

/**
 * Checks a query before a storage runs it. Queries come from URLs as often as from code, so types promise nothing here.
 *
 * @throws InvalidQueryError that names the property.
 */
export function checkQuery(query: SagaQuery): CheckedQuery {
  const { status, limit, after, ...rest } = query;
  for (const property of ['name', 'step', 'error'] as const) checkText(property, rest[property]);
  for (const property of ['createdAfter', 'createdBefore'] as const) checkDate(property, rest[property]);
  checkText('after', after);
  checkHeld(rest.held);
  const statuses = checkStatuses(status);
  return {
    ...rest,
    ...(statuses && { statuses }),
    limit: checkLimit(limit),
    ...(after !== undefined && { after: decodeCursor(after) }),
  };
}

/** A list of none is refused: it may mean all as well as nothing. */
function checkStatuses(status: SagaQuery['status']): readonly SagaStatus[] | undefined {
  if (status === undefined) return undefined;
  const statuses: unknown = typeof status === 'string' ? [status] : status;
  if (!Array.isArray(statuses) || statuses.length === 0 || !statuses.every(isStatus)) {
    throw new InvalidQueryError(`"status" must be one of ${SAGA_STATUSES.join(', ')}, or a list of some of them.`);
  }
  return statuses;
}

function isStatus(value: unknown): value is SagaStatus {
  return SAGA_STATUSES.some((status) => status === value);
}

/** More than a page may hold is no mistake: `next` leads to the rest. */
function checkLimit(limit: number | undefined): number {
  if (limit === undefined) return DEFAULT_LIMIT;
  if (!Number.isInteger(limit) || limit < 1) {
    throw new InvalidQueryError(`"limit" must be a whole number from 1 to ${MAX_LIMIT}.`);
  }
  return Math.min(limit, MAX_LIMIT);
}

function checkText(property: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'string') throw new InvalidQueryError(`"${property}" must be a text.`);
}

function checkHeld(value: unknown): void {
  if (value !== undefined && value !== true && typeof value !== 'string') {
    throw new InvalidQueryError('"held" must be true, or the code of a reason.');
  }
}

function checkDate(property: string, value: unknown): void {
  if (value === undefined || (value instanceof Date && !Number.isNaN(value.getTime()))) return;
  throw new InvalidQueryError(`"${property}" must be a valid Date.`);
}
