import type { ClaimQuery } from '../saga-queries.js';
import { LACKS_CODE, UNFINISHED, type SagaTables } from '../sql/saga-tables.js';
import { UNFINISHED_STATUSES } from '../saga-record.js';
import { boundStatement, listOf, type Bind, type BoundStatement } from './bound-statement.js';
import { bytes } from './columns.js';
import { NOW, milliseconds } from './database-clock.js';

/** The workers that are alive, but for those that are certainly gone. */
const alive = ({ workers }: SagaTables, bind: Bind, { goneWorkers = [] }: ClaimQuery): string => `
  SELECT id FROM ${workers} WHERE expires_at > ${NOW} AND id NOT IN ${listOf(bind, ['', ...goneWorkers])}`;

const isNotRun = (tables: SagaTables, bind: Bind, query: ClaimQuery): string =>
  `(head.worker IS NULL OR head.worker NOT IN (${alive(tables, bind, query)}))`;

const hasKnownName = (bind: Bind, { definitions }: ClaimQuery): string =>
  `head.name IN ${listOf(
    bind,
    definitions.map(({ name }) => name),
  )}`;

const hasKnownPlan = (bind: Bind, { definitions }: ClaimQuery): string => {
  const pairs = definitions.map(
    ({ name, planHash }) => `(head.name = ${bind(name)} AND head.plan_hash = ${bind(planHash)})`,
  );
  return pairs.length === 0 ? 'FALSE' : `(${pairs.join(' OR ')})`;
};

/** What sagas take their turns by, in milliseconds. One without a due time has been waiting since its head last changed. */
const SINCE = milliseconds('COALESCE(head.due_at, head.updated_at)');

const hasTimeCome = ({ ignoreDue = false }: ClaimQuery): string =>
  ignoreDue ? 'head.due_at IS NOT NULL' : `head.due_at <= ${NOW}`;

/**
 * What a look for claimable sagas finds: sagas, and workers that are gone and have left some. Most looks find nothing, and this is
 * all that they cost. Operators' requests and parked sagas whose definition is back are few, so each is named. The workers that own
 * unfinished sagas are read out of the index, which has finished ones at its other end: so those cost nothing. (Hopping from worker to
 * worker by `MIN()` in a recursive query would make MariaDB read the whole index for each.)
 */
export function selectLeads(tables: SagaTables, query: ClaimQuery): BoundStatement {
  const { heads, requests } = tables;
  return boundStatement(
    (bind) => `
    SELECT ${bytes(`'owner'`)} AS kind, owner.worker AS id, 0e0 AS since
    FROM (SELECT DISTINCT runs_under AS worker FROM ${heads} FORCE INDEX (unfinished) WHERE runs_under >= X'') owner
    WHERE owner.worker NOT IN (${alive(tables, bind, query)})
    UNION ALL
    SELECT ${bytes(`'saga'`)}, head.id, ${SINCE}
    FROM ${requests} request STRAIGHT_JOIN ${heads} head ON head.id = request.saga_id
    WHERE head.${UNFINISHED} AND ${isNotRun(tables, bind, query)} AND ${hasKnownName(bind, query)}
    UNION ALL
    SELECT ${bytes(`'saga'`)}, head.id, ${SINCE} FROM ${heads} head FORCE INDEX (by_status)
    WHERE head.listed_status IN ${listOf(bind, UNFINISHED_STATUSES)} AND head.${LACKS_CODE} AND ${hasKnownPlan(bind, query)}
      AND ${isNotRun(tables, bind, query)}`,
  );
}

/**
 * The sagas that these workers have left and that have been waiting longest, with a due time and without, as many of each as are wanted.
 */
export function selectOrphans(
  { heads }: SagaTables,
  { query, owners, limit }: { readonly query: ClaimQuery; readonly owners: readonly string[]; readonly limit: number },
): BoundStatement {
  return boundStatement((bind) =>
    owners
      .flatMap((owner) =>
        [
          { due: 'head.due_at IS NULL', order: 'head.updated_at, head.id' },
          { due: hasTimeCome(query), order: 'head.due_at, head.updated_at, head.id' },
        ].map(
          ({ due, order }) => `
          (SELECT head.id AS id, ${SINCE} AS since FROM ${heads} head FORCE INDEX (unfinished)
           WHERE head.runs_under = ${bind(owner)} AND ${due} AND ${hasKnownName(bind, query)}
           ORDER BY ${order} LIMIT ${bind(limit)})`,
        ),
      )
      .join(' UNION ALL '),
  );
}

/** Of sagas that are named, those that qualify, as `ClaimQuery` says, rule by rule; with the place behind the last row of each. */
export function selectClaimable(
  tables: SagaTables,
  { query, ids }: { readonly query: ClaimQuery; readonly ids: readonly string[] },
): BoundStatement {
  const { heads, log, requests } = tables;
  return boundStatement(
    (bind) => `
    SELECT head.id, ${SINCE} AS since, ${milliseconds(NOW)} AS now,
      last.version, last.last_seq, ${milliseconds('last.at')} AS at
    FROM ${heads} head
    LEFT JOIN ${log} last ON last.saga_id = head.id
      AND last.version = (SELECT MAX(version) FROM ${log} WHERE saga_id = head.id)
    WHERE head.id IN ${listOf(bind, ids)}
      AND head.${UNFINISHED} AND ${hasKnownName(bind, query)} AND ${isNotRun(tables, bind, query)} AND (
        ${query.ids ? 'TRUE' : 'FALSE'}
        OR EXISTS (SELECT 1 FROM ${requests} request WHERE request.saga_id = head.id)
        OR (head.held_code IS NULL AND (head.due_at IS NULL OR ${hasTimeCome(query)}))
        OR (head.${LACKS_CODE} AND ${hasKnownPlan(bind, query)})
      )`,
  );
}
