import { checkQuery, type CheckedQuery } from '../checked-query.js';
import type { SagaStatus, SagaSummary } from '../saga-record.js';
import type { Page, SagaQuery } from '../saga-queries.js';
import { toPage, toSummary, type HeadRow } from '../rows/saga-rows.js';
import { isStorable } from '../rows/storable.js';
import { below, candidateLists, memberCursor, type IndexRange } from './index-ranges.js';
import type { RedisCommand } from './redis-client.js';
import { resultOf, type RedisConnection } from './redis-connection.js';
import { SUMMARY_FIELDS, headOfValues, toHeadRow } from './saga-head.js';

/** So many heads are read in one round trip where most of them may not be what is looked for. */
const BATCH = 250;

/**
 * A page of heads, newest first. Goes down the shortest list that the index has for the query, batch by batch, and looks at the heads for
 * what the list does not say: many small calls, so that the server is never busy with one for long.
 */
export async function findSagas(connection: RedisConnection, query: SagaQuery): Promise<Page<SagaSummary>> {
  const checked = checkQuery(query);
  const { name, step, error, held, after, limit } = checked;
  const texts = [name, step, error, held === true ? undefined : held, after?.id];
  if (texts.some((text) => text !== undefined && !isStorable(text))) return { items: [] };

  const { list, isExact } = await shortestList(connection, checked);
  const found: HeadRow[] = [];
  let ranges = list;
  for (;;) {
    // One row more than the page holds tells whether there is another page.
    const wanted = limit + 1 - found.length;
    const size = isExact ? wanted : Math.max(wanted, BATCH);
    const members = await newest(connection, ranges, size);
    found.push(...(await headsOf(connection, members)).filter(matches(checked)));
    const last = members.at(-1);
    if (last === undefined || members.length < size || found.length > limit) return toPage(found, limit);
    ranges = ranges.map((range) => below(range, memberCursor(last)));
  }
}

async function shortestList(connection: RedisConnection, query: CheckedQuery) {
  const lists = candidateLists(query);
  const [only] = lists;
  // A list by status is all there is where nothing else is asked for.
  if (lists.length === 1 && only !== undefined) return { list: only, isExact: true };
  const isAlone = query.statuses === undefined && lists.length === 2 && query.error === undefined;
  if (isAlone && only !== undefined) return { list: only, isExact: true };
  const counts = await connection.sendAll(
    lists.flat().map(({ min, max }): RedisCommand => ['zlexcount', connection.keys.find, min, max]),
  );
  let next = 0;
  const sizes = lists.map((list) => list.reduce((size) => size + Number(resultOf(counts[next++])), 0));
  return { list: lists[sizes.indexOf(Math.min(...sizes))] ?? [], isExact: false };
}

/** The newest members of several ranges together, at most `size`. */
async function newest(
  connection: RedisConnection,
  ranges: readonly IndexRange[],
  size: number,
): Promise<readonly string[]> {
  const answers = await connection.sendAll(
    ranges.map(({ max, min }): RedisCommand => ['zrevrangebylex', connection.keys.find, max, min, 'LIMIT', 0, size]),
  );
  const members = answers.flatMap((answer) => resultOf(answer) as readonly string[]);
  if (ranges.length === 1) return members;
  return members
    .map((member) => ({ member, place: Buffer.from(member.slice(member.indexOf('\0'))) }))
    .sort((one, other) => Buffer.compare(other.place, one.place))
    .slice(0, size)
    .map(({ member }) => member);
}

/** The heads as they are now: some may have changed since, or are gone. */
async function headsOf(connection: RedisConnection, members: readonly string[]): Promise<readonly HeadRow[]> {
  const ids = members.map((member) => memberCursor(member).id);
  const answers = await connection.sendAll(
    ids.map((id): RedisCommand => ['hmget', connection.keys.saga(id).head, ...SUMMARY_FIELDS]),
  );
  return ids.flatMap((id, i) => {
    const head = headOfValues(resultOf(answers[i]) as readonly (string | null)[]);
    return head === undefined ? [] : [toHeadRow(id, head)];
  });
}

function matches({ statuses, name, step, error, held }: CheckedQuery): (head: HeadRow) => boolean {
  const text = error === undefined ? undefined : lowerAscii(error);
  return (head) => {
    if (statuses !== undefined && !statuses.includes(head.status as SagaStatus)) return false;
    if (name !== undefined && head.name !== name) return false;
    if (step !== undefined && head.failed_step !== step) return false;
    if (text === undefined && held === undefined) return true;
    const summary = toSummary(head);
    if (text !== undefined && !(summary.error && lowerAscii(summary.error.message).includes(text))) return false;
    if (held === undefined) return true;
    return held === true ? head.held_reason !== null : summary.heldReason?.code === held;
  };
}

/** Databases differ in how they fold the case of other letters, so nobody folds them. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
