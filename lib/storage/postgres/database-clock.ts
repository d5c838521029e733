/**
 * The server's clock when it received the statement; stands still within one, and goes on within a transaction, unlike `now()`. In
 * whole milliseconds, because that is what a `Date` can hold.
 */
export const NOW = `date_trunc('milliseconds', statement_timestamp())`;

/** A time as milliseconds since the epoch, in a type that every driver makes a number of. (`extract` would reckon in decimals.) */
export const milliseconds = (time: string): string => `round(date_part('epoch', ${time}) * 1000)`;

/** 4000 BC, a little later than PostgreSQL's calendar begins. */
const FIRST_TIME = -188_395_200_000_000;

/** A parameter as a time; to be bound to what {@link timeValue} makes. */
export const time = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`;

/** Milliseconds since the epoch, or the first time that PostgreSQL knows, if that is later. */
export function timeValue(ms: number): number {
  return Math.max(ms, FIRST_TIME);
}
