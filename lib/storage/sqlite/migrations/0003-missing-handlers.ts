import { LACKS_CODE, type SagaTables } from '../../sql/saga-tables.js';

/** Sagas that are parked as `handler-missing` are found by their plan as well, when code of that plan comes. */
export const missingHandlers = ({ heads }: SagaTables): string => `
DROP INDEX ${heads}_held_by_plan;
CREATE INDEX ${heads}_held_by_plan ON ${heads} (name, plan_hash, id) WHERE ${LACKS_CODE};
`;
