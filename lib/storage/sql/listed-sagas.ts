import type { CheckedQuery } from '../checked-query.js';
import { isFinal, type SagaStatus } from '../saga-record.js';

/** Whether most sagas come by this status. Too many have it for an index by status to help, and those that have not ended are found otherwise. */
export function isOnThePath(status: SagaStatus): boolean {
  return status === 'PENDING' || status === 'RUNNING' || status === 'COMPLETED';
}

/** Whether sagas are looked for by what stopped them, which few of them have: there are indexes for that. */
export function asksForReasons({ step, error, held }: CheckedQuery): boolean {
  return step !== undefined || error !== undefined || held !== undefined;
}

/**
 * Whether no index leads to these sagas but the one by name and time. So they are merged from the newest of each name, of which an
 * application has few; an index by time would be one more for every saga to write.
 */
export function isOfAnyName(query: CheckedQuery): boolean {
  const { statuses, name } = query;
  if (name !== undefined || asksForReasons(query)) return false;
  return statuses === undefined || (statuses.some(isOnThePath) && statuses.includes('COMPLETED'));
}

/** Whether some of these sagas are in no index by status, and all of them in that of the unfinished. */
export function isAmongUnfinished(query: CheckedQuery): boolean {
  const { statuses } = query;
  return !asksForReasons(query) && statuses !== undefined && statuses.some(isOnThePath) && !statuses.some(isFinal);
}

/**
 * A query as queries of which an index leads to each: those that have not ended are in one, those that have failed in another, and together they
 * would be looked for among all that have completed.
 */
export function splitByIndex(query: CheckedQuery): readonly CheckedQuery[] {
  const { statuses = [] } = query;
  const isMixed = statuses.some(isOnThePath) && statuses.includes('FAILED') && !statuses.includes('COMPLETED');
  if (!isMixed || asksForReasons(query)) return [query];
  return [
    { ...query, statuses: statuses.filter((status) => !isFinal(status)) },
    { ...query, statuses: ['FAILED'] },
  ];
}
