import type { CheckedQuery } from '../checked-query.js';
import type { PageCursor } from '../page-cursor.js';
import type { StoredSaga } from './stored-saga.js';

/** The filters of a query as one predicate. */
export function findRules(query: CheckedQuery): (saga: StoredSaga) => boolean {
  const { statuses, name, step, error, held, after } = query;
  const createdAfter = query.createdAfter?.getTime() ?? -Infinity;
  const createdBefore = query.createdBefore?.getTime() ?? Infinity;
  const text = error === undefined ? undefined : lowerAscii(error);

  return (saga) =>
    (statuses === undefined || statuses.includes(saga.status)) &&
    (name === undefined || saga.name === name) &&
    (step === undefined || saga.failedStep === step) &&
    (text === undefined || (saga.error !== undefined && lowerAscii(saga.error.message).includes(text))) &&
    (held === undefined || (held === true ? saga.heldReason !== undefined : saga.heldReason?.code === held)) &&
    saga.createdAt > createdAfter &&
    saga.createdAt < createdBefore &&
    (after === undefined || newestFirst(saga, after) > 0);
}

/** The order of pages: `createdAt`, then `id`, both descending. Ids are unique, so it is total. */
export function newestFirst(one: PageCursor, other: PageCursor): number {
  if (one.createdAt !== other.createdAt) return other.createdAt - one.createdAt;
  if (one.id === other.id) return 0;
  return one.id < other.id ? 1 : -1;
}

/** Databases differ in how they fold the case of other letters, so nobody folds them. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
