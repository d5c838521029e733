import type { Expression } from './bound-statement.js';

/**
 * The server's clock when the statement began, in whole milliseconds since the epoch; stands still within one statement. Made of
 * universal time, so that neither the session's time zone nor an hour that comes twice a year can change it.
 */
export const NOW = `(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)`;

/** A large number in a type that every driver makes a number of, whatever its options. */
export const milliseconds = (time: string): string => `(${time}) + 0e0`;

/** A time of the server: milliseconds since the epoch, or what will be that in a statement. */
export type Moment = number | Expression;

/** A moment so many whole milliseconds after another one. */
export function later(moment: Moment, ms: number): Moment {
  return typeof moment === 'number' ? moment + ms : { sql: `(${moment.sql} + ${ms})` };
}
