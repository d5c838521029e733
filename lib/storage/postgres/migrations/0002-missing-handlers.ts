import { LACKS_CODE } from '../../sql/saga-tables.js';
import type { PostgresTables } from '../postgres-tables.js';

/** Sagas that are parked as `handler-missing` are found by their plan as well, when code of that plan comes. */
export const missingHandlers = ({ heads, prefix }: PostgresTables): readonly string[] => [
  `DROP INDEX ${heads}_held_by_plan`,
  `CREATE INDEX ${prefix}heads_held_by_plan ON ${heads} (name, plan_hash, id) WHERE ${LACKS_CODE}`,
];
