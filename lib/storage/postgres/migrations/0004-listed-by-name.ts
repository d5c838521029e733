import type { PostgresTables } from '../postgres-tables.js';

/**
 * One index less for every saga to write, twice: when it begins and when it ends. Those of all names, newest first, are merged from the
 * newest of each name, of which an application has few.
 */
export const listedByName = ({ heads }: PostgresTables): readonly string[] => [`DROP INDEX ${heads}_by_time`];
