import { LACKS_CODE, UNFINISHED, type SagaTables, type Sql } from '../sql/saga-tables.js';
import { NOW } from './database-clock.js';

/** The definitions that the claiming worker knows (`$1`, `$2`), and the workers that are alive, but for those in `$3`. */
export const knownAndAlive = ({ workers }: SagaTables): string => `
  known (name, plan_hash) AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::text[])),
  alive (worker) AS MATERIALIZED (
    SELECT id FROM ${workers} WHERE expires_at > ${NOW} AND id <> ALL ($3::text[])
  )`;

const NOT_RUN = `(head.worker IS NULL OR head.worker NOT IN (SELECT worker FROM alive))`;

/**
 * Asked in words that no index knows: sagas are found by worker, id or request, and few names match nearly all of them. (Until a table has been
 * analyzed the planner takes an equality for rare, and would read every head of that name.)
 */
const KNOWN_NAME = `array_position($1::text[], head.name) IS NOT NULL`;

/**
 * The same of what is looked up by its id: the index of unfinished sagas knows ids as well, behind everything else, and to the planner it is the
 * smaller one, since there were hardly any when the table was analyzed. It would read all of it for each id.
 */
const NOT_FINISHED = `(head.${UNFINISHED}) IS NOT FALSE`;

/** Waiting for its worker's end and for its time; the words of the index `unfinished`. */
const TO_RECOVER = `head.${UNFINISHED} AND head.held_code IS NULL`;

/**
 * What sagas take their turns by. One without a due time has been waiting since its head last changed: were it due for ever, those that come in
 * while more are left than are taken would be taken first for ever.
 */
export const SINCE = `COALESCE(head.due_at, head.updated_at)`;

/** `$4` says how sagas are claimed: `asked` for by their ids, when they are `due`, or `early`. */
const TIME_HAS_COME = `head.due_at <= CASE $4 WHEN 'early' THEN 'infinity' ELSE ${NOW} END`;

/** Whether a head qualifies, as `ClaimQuery` says, rule by rule. */
export const CLAIMABLE = ({ requests }: SagaTables): string => `
  ${NOT_FINISHED} AND ${KNOWN_NAME} AND ${NOT_RUN} AND (
    $4 = 'asked'
    OR EXISTS (SELECT FROM ${requests} request WHERE request.saga_id = head.id)
    OR (head.held_code IS NULL AND (head.due_at IS NULL OR ${TIME_HAS_COME}))
    OR (head.${LACKS_CODE} AND (head.name, head.plan_hash) IN (SELECT name, plan_hash FROM known))
  )`;

/** Behind every id of a worker, in the order of texts. */
const LAST = 'chr(1114111)';

/**
 * Sagas that recovery may take: the tables `candidate` and what it is made of, for `WITH RECURSIVE`. Workers that are gone and own unfinished
 * sagas are looked for in the gaps between those that are alive, and found by hopping through the index, one probe for each (a skip scan,
 * which PostgreSQL does not do by itself); then only their sagas are read, and of those no more than `$5`, with a due time and without (what
 * is always null there, is named, or PostgreSQL does not see that the index has the order that is asked for). So the cost depends neither on
 * finished sagas, nor on those that live workers run or have run, nor on how many are left. (A finished saga leaves its entries in the index
 * until a vacuum; under a transaction that lasts for hours there are millions of them, and a look that passed the live workers' would read
 * each.)
 */
export const recoverable = (tables: SagaTables): string => {
  const { heads, requests } = tables;
  const nextOwner = (after: string, before: string): string => `
    (SELECT head.worker FROM ${heads} head WHERE ${TO_RECOVER} AND head.worker > ${after} AND head.worker < ${before}
     ORDER BY head.held_code, head.worker LIMIT 1)`;
  const first = (owner: string, due: string): string => `
    (SELECT head.id, ${SINCE} AS since FROM ${heads} head
     WHERE ${TO_RECOVER} AND ${owner} AND ${due} AND ${KNOWN_NAME}
     ORDER BY head.held_code, head.worker, head.due_at, head.updated_at, head.id LIMIT $5)`;
  const longestWaiting = (owner: string): string =>
    `${first(owner, 'head.due_at IS NULL')} UNION ALL ${first(owner, TIME_HAS_COME)}`;
  return `
  ${knownAndAlive(tables)},
  gap (after, before) AS MATERIALIZED (
    SELECT worker, lead(worker, 1, ${LAST}) OVER (ORDER BY worker)
    FROM (SELECT worker FROM alive UNION ALL SELECT '') bound (worker)
  ),
  gone (worker, before) AS (
    SELECT next.worker, gap.before FROM gap CROSS JOIN LATERAL ${nextOwner('gap.after', 'gap.before')} next
    UNION ALL
    SELECT next.worker, gone.before FROM gone CROSS JOIN LATERAL ${nextOwner('gone.worker', 'gone.before')} next
  ),
  candidate (id, since) AS (
    (${longestWaiting('head.worker IS NULL')})
    UNION
    SELECT orphan.id, orphan.since FROM gone CROSS JOIN LATERAL (${longestWaiting('head.worker = gone.worker')}) orphan
    UNION
    SELECT head.id, ${SINCE} FROM ${requests} request
      CROSS JOIN LATERAL (SELECT * FROM ${heads} WHERE id = request.saga_id OFFSET 0) head
    WHERE head.${UNFINISHED} AND ${NOT_RUN} AND ${KNOWN_NAME}
    UNION
    SELECT head.id, ${SINCE} FROM known JOIN ${heads} head ON head.name = known.name AND head.plan_hash = known.plan_hash
    WHERE head.${LACKS_CODE} AND head.${UNFINISHED} AND ${NOT_RUN}
  )`;
};

/** Of the sagas that somebody asks for (`$6`), those that nobody runs. */
export const SELECT_ASKED: Sql = (tables) => `
  WITH ${knownAndAlive(tables)}
  SELECT head.id FROM ${tables.heads} head
  WHERE head.id = ANY ($6::text[]) AND ${CLAIMABLE(tables)}
  ORDER BY ${SINCE}, head.id LIMIT $5`;
