import type { CheckedQuery } from '../checked-query.js';
import type { PageCursor } from '../page-cursor.js';
import { SAGA_STATUSES } from '../saga-record.js';

/** A stretch of the index `find`, as `ZREVRANGEBYLEX` takes it: from `max` down to `min`. */
export interface IndexRange {
  readonly max: string;
  readonly min: string;
}

/** Digits of a time in the index. */
export const TIME_DIGITS = 15;
const LAST_TIME = 10 ** TIME_DIGITS - 1;

/**
 * The lists of sagas that a query can be answered from, each one as the stretches that make it up. One suffices; what the query asks for
 * beyond it is looked for in the heads.
 */
export function candidateLists(query: CheckedQuery): readonly (readonly IndexRange[])[] {
  const { statuses, name, step, error, held } = query;
  const list = (...places: readonly string[]) => places.map((place) => rangeOf(`${place}\0`, query));
  return [
    ...(step !== undefined ? [list(`f${step}`)] : []),
    ...(held !== undefined ? [list(held === true ? 'h' : `p${held}`)] : []),
    ...(error !== undefined ? [list('e')] : []),
    ...(name !== undefined ? [list(`n${name}`)] : []),
    list(...new Set((statuses ?? SAGA_STATUSES).map((status) => `s${status}`))),
  ];
}

/** What is left of a range below a member. */
export function below(range: IndexRange, { createdAt, id }: PageCursor): IndexRange {
  const place = range.min.slice(1, range.min.indexOf('\0') + 1);
  return { max: `(${place}${stamp(createdAt)}${id}`, min: range.min };
}

/** The place of a member within its list. */
export function memberCursor(member: string): PageCursor {
  const start = member.indexOf('\0') + 1;
  return { createdAt: Number(member.slice(start, start + TIME_DIGITS)), id: member.slice(start + TIME_DIGITS) };
}

/** The saga that a member of the index stands for. */
export function memberId(member: string): string {
  return memberCursor(member).id;
}

/** Times of creation are whole milliseconds, so "later than" is "from the next one on". */
function rangeOf(place: string, { createdAfter, createdBefore, after }: CheckedQuery): IndexRange {
  const min = createdAfter === undefined ? place : place + stamp(createdAfter.getTime() + 1);
  const max = createdBefore === undefined ? place + ':' : place + stamp(createdBefore.getTime());
  const range = { max: `(${max}`, min: `[${min}` };
  if (after === undefined) return range;
  const behind = below(range, after);
  return after.createdAt < (createdBefore?.getTime() ?? Infinity) ? behind : range;
}

/** `:` comes behind every digit. */
function stamp(ms: number): string {
  if (ms > LAST_TIME) return ':';
  return String(Math.max(0, ms)).padStart(TIME_DIGITS, '0');
}
