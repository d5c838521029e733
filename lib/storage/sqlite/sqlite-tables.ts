import type { SagaTables } from '../sql/saga-tables.js';

/** The view that spreads a write over the tables of head and log. */
export function writesOf({ log }: Pick<SagaTables, 'log'>): string {
  return `${log}_writes`;
}

/** Heads of sagas that have left the way that most go; in the words of the index by status, which holds no others. */
export const OFF_THE_PATH = `status NOT IN ('PENDING', 'RUNNING', 'COMPLETED')`;
