import { UNFINISHED } from '../../sql/saga-tables.js';
import type { PostgresTables } from '../postgres-tables.js';

/**
 * Sagas of a worker that is gone are found in the order in which they have been waiting: those without a due time by when their head last
 * changed, the others by their due time. The releases before find them by the same worker, and put them into their order themselves.
 */
export const fairClaims = ({ heads, prefix }: PostgresTables): readonly string[] => [
  `DROP INDEX ${heads}_unfinished`,
  `CREATE INDEX ${prefix}heads_unfinished ON ${heads} (held_code, worker, due_at, updated_at, id) WHERE ${UNFINISHED}`,
];
