import type { CheckedQuery } from '../checked-query.js';
import { isFinal, type SagaStatus } from '../saga-record.js';

/** Whether most sagas come by this status. Too many have it for an index by status to help, and those that have not ended are found otherwise. */
export function isOnThePath(status: SagaStatus): boolean {
  return status === 'PENDING' || status === 'RUNNING' || status === 'COMPLETED';
}

/**
 * Whether no index leads to these sagas but the one by name and time. So they are merged from the newest of each name, of which an
 * application has few; an index by time would be one more for every saga to write.
 */
export function isOfAnyName({ statuses, name, step, error, held }: CheckedQuery): boolean {
  if (name !== undefined || step !== undefined || error !== undefined || held !== undefined) return false;
  return statuses === undefined || (statuses.some(isOnThePath) && statuses.includes('COMPLETED'));
}

/**
 * A query as queries of which an index leads to each: those that have not ended are in one, those that have failed in another, and together they
 * would be looked for among all that have completed.
 */
export function splitByIndex(query: CheckedQuery): readonly CheckedQuery[] {
  const { statuses, step, error, held } = query;
  if (statuses === undefined || step !== undefined || error !== undefined || held !== undefined) return [query];
  if (!statuses.some(isOnThePath) || !statuses.includes('FAILED') || statuses.includes('COMPLETED')) return [query];
  return [
    { ...query, statuses: statuses.filter((status) => !isFinal(status)) },
    { ...query, statuses: ['FAILED'] },
  ];
}
