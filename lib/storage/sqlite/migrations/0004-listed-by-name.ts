import type { SagaTables } from '../../sql/saga-tables.js';

/**
 * One index less for every saga to write: those of all names, newest first, are merged from the newest of each name, of which an
 * application has few.
 */
export const listedByName = ({ heads }: SagaTables): string => `
DROP INDEX ${heads}_by_time;
`;
