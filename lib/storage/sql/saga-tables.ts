/** The tables of a SQL storage, by their prefixed names. */
export interface SagaTables {
  /** One row a saga: what it can be found by. */
  readonly heads: string;
  /** The truth: one row a transition. */
  readonly log: string;
  /** Operators' requests that nobody has answered yet. */
  readonly requests: string;
  readonly workers: string;
  /** The migrations that have run. */
  readonly migrations: string;
}

/** A SQL statement with the names of the tables left open. A module constant, so that prepared statements are cached by it. */
export type Sql = (tables: SagaTables) => string;

/** Heads of sagas that can still change. Partial indexes use these very words. */
export const UNFINISHED = `status NOT IN ('COMPLETED', 'FAILED')`;

/** Heads of sagas that have left the way that most go. Partial indexes by status use these very words, and hold no others. */
export const OFF_THE_PATH = `status NOT IN ('PENDING', 'RUNNING', 'COMPLETED')`;

/** Heads of sagas that are parked until code of their own plan comes; in the words of the partial indexes. */
export const LACKS_CODE = `held_code IN ('definition-changed', 'handler-missing')`;

const PREFIX = /^[A-Za-z_][A-Za-z0-9_]{0,31}$/;

/** Whether table names can begin with `prefix`: up to 32 letters, digits and underscores, no digit first. */
export function isTablePrefix(prefix: unknown): prefix is string {
  return typeof prefix === 'string' && PREFIX.test(prefix);
}

/** The names of the tables; `prefix` has been checked by {@link isTablePrefix}. */
export function sagaTables(prefix: string): SagaTables {
  return {
    heads: `${prefix}heads`,
    log: `${prefix}log`,
    requests: `${prefix}requests`,
    workers: `${prefix}workers`,
    migrations: `${prefix}migrations`,
  };
}
