import type { SagaTables } from '../sql/saga-tables.js';

/** The view that spreads a write over the tables of head and log. */
export function writesOf({ log }: Pick<SagaTables, 'log'>): string {
  return `${log}_writes`;
}
