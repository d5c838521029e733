import { answerWithin } from '../answer-within.js';
import { findInError } from './find-in-error.js';

/** Milliseconds that the server may take for a statement, unless the option says otherwise: longer than InnoDB waits for a lock. */
export const ANSWER_TIMEOUT = 60_000;

/** The server has left a statement unanswered: what becomes of it is not known, and its connection is of no use any more. */
export class UnansweredError extends Error {}

/** Whether that is what an error says, or whatever has caused it. */
export function isUnanswered(error: unknown): boolean {
  return findInError(error, (one) => (one instanceof UnansweredError ? true : undefined)) === true;
}

/** What `answer` resolves with, or an {@link UnansweredError} after `ms`; by default, however long that takes. */
export function answered<T>(answer: Promise<T>, ms = Infinity, silence = 'The server has not answered'): Promise<T> {
  if (ms === Infinity) return answer;
  return answerWithin(ms, answer, () => {
    throw new UnansweredError(`${silence} within ${ms} ms.`);
  });
}

/** A connection that a pool lends. Nobody waits for one that comes too late, so that goes back. */
export async function borrowed<Connection extends { release(): void }>(
  lent: Promise<Connection>,
  ms?: number,
): Promise<Connection> {
  try {
    return await answered(lent, ms, 'The pool has lent no connection');
  } catch (error) {
    if (error instanceof UnansweredError) void lent.then((connection) => connection.release()).catch(() => undefined);
    throw error;
  }
}
