/** A step that has no timeout should not keep its locks while it thinks for minutes. */
const WITHOUT_TIMEOUT = 300_000;
const MARGIN = 10_000;

/**
 * Milliseconds for which a transaction that a step shares may idle. One in which nothing happens for longer belongs to a process that has
 * stopped: a step that has a timeout is given up by then.
 */
export function longestThought(timeout: number | undefined): number {
  return Math.ceil(timeout === undefined ? WITHOUT_TIMEOUT : timeout + MARGIN);
}
