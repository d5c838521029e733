import type { OperatorRequest } from '../operator-request.js';
import type { SagaTransition, TransitionResult } from '../saga-storage.js';
import { newRow, type NewRow } from '../sql/log-row.js';
import { changeHead, type HeadUpdate } from './change-head.js';
import type { RedisKeys } from './redis-keys.js';
import type { ScriptCall } from './redis-script.js';
import type { HeadField } from './saga-head.js';
import { rowText } from './saga-row.js';
import type { SagaWrite } from './saga-write.js';
import { APPEND_TRANSITION } from './scripts/append-transition.js';
import { CHANGE_SAGA } from './scripts/change-saga.js';

/** The next row of a saga's log, and what it changes in the head. */
export function appendTransition(keys: RedisKeys, transition: SagaTransition): SagaWrite {
  const row = newRow(transition, transition);
  const { sagaId } = row;
  const answered = transition.entries.flatMap((entry) => ('request' in entry ? [entry.request] : []));
  const change = transition.head && changeHead(sagaId, transition.head);
  const call = change || answered.length > 0 ? changeCall(keys, { row, change, answered }) : appendCall(keys, row);
  const fence = [
    row.version - 1,
    row.version,
    row.firstSeq - 1,
    row.lastSeq,
    rowText(row),
    row.writeId,
    transition.knownRequests.length,
    ...transition.knownRequests,
  ];
  return { sagaId, call: { ...call, args: [...fence, ...call.args] } };
}

function appendCall(keys: RedisKeys, row: NewRow): ScriptCall {
  const { head, log, requests } = keys.saga(row.sagaId);
  return { script: APPEND_TRANSITION, keys: [head, log, requests], args: Object.entries(keptFields(row)).flat() };
}

interface Change {
  readonly row: NewRow;
  readonly change: HeadUpdate | undefined;
  readonly answered: readonly string[];
}

function changeCall(keys: RedisKeys, { row, change, answered }: Change): ScriptCall {
  const { head, log, requests } = keys.saga(row.sagaId);
  const fields = Object.entries({ ...keptFields(row), ...change?.fields });
  const set = fields.filter((field): field is [string, string] => field[1] !== null);
  const cleared = fields.filter(([, value]) => value === null).map(([name]) => name);
  return {
    script: CHANGE_SAGA,
    keys: [head, log, requests, keys.find, keys.recover, keys.requested],
    args: [
      row.sagaId,
      change ? '1' : '0',
      change?.dueIn ?? '',
      ...[set.length, ...set.flat()],
      ...[cleared.length, ...cleared],
      ...[answered.length, ...answered],
    ],
  };
}

/** Context and snapshot are needed only as they are now, so the head keeps them: the log stays as small as its entries. */
function keptFields({ context, snapshot, version }: NewRow): Partial<Record<HeadField, string>> {
  return {
    ...(context !== null && { context }),
    ...(snapshot !== null && { snapshot, snapshotVersion: String(version) }),
  };
}

/** What the scripts answer. */
export function toTransitionResult(answer: unknown): TransitionResult {
  const [outcome, ...details] = answer as readonly [TransitionResult['outcome'], ...string[]];
  switch (outcome) {
    case 'written':
      return { outcome, at: new Date(Number(details[0])) };
    case 'conflict':
      return { outcome };
    case 'requested':
      return { outcome, requests: details.map((request) => JSON.parse(request) as OperatorRequest) };
  }
}
