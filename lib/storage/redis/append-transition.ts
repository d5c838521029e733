import type { OperatorRequest } from '../operator-request.js';
import { isFinal, type SagaStatus } from '../saga-record.js';
import type { SagaTransition, TransitionResult } from '../saga-changes.js';
import { answeredRequests } from '../answered-requests.js';
import { newRow, type NewRow } from '../rows/new-row.js';
import { isStorable } from '../rows/storable.js';
import { changeHead, type HeadUpdate } from './change-head.js';
import type { HeadField } from './saga-head.js';
import { rowText } from './saga-row.js';
import type { SagaWrite } from './saga-write.js';

/** The next row of a saga's log, and what it changes in the head. */
export function appendTransition(transition: SagaTransition): SagaWrite {
  const row = newRow(transition, transition);
  const { sagaId } = row;
  const answered = answeredRequests(transition.entries);
  const change = transition.head && changeHead(sagaId, transition.head);
  const fence = [
    ...[sagaId, row.version - 1, row.version, row.firstSeq - 1, row.lastSeq],
    ...[rowText(row), row.writeId, list(transition.knownRequests)],
  ];
  const kept = Object.entries(keptFields(row)).flat();
  if (answered.length > 0)
    return { sagaId, kind: 'change', args: [...fence, ...changeArgs(change, answered), ...kept] };
  if (change === undefined) return { sagaId, kind: 'append', args: [...fence, ...kept] };
  if (finishes(change)) return { sagaId, kind: 'finish', args: [...fence, change.fields.status ?? '', ...kept] };
  return { sagaId, kind: 'change', args: [...fence, ...changeArgs(change, answered), ...kept] };
}

/** Whether a change is the one that most sagas end with, for which there is a shorter way. */
function finishes({ fields, dueIn }: HeadUpdate): boolean {
  const { status, worker, dueAt, ...others } = fields;
  if (status == null || !isFinal(status as SagaStatus) || dueIn !== undefined) return false;
  return worker === null && dueAt === null && Object.keys(others).length === 0;
}

function changeArgs(change: HeadUpdate | undefined, answered: readonly string[]): readonly (string | number)[] {
  const fields = Object.entries(change?.fields ?? {});
  const cleared = fields.filter(([, value]) => value === null).map(([name]) => name);
  const set = fields.filter((field): field is [string, string] => field[1] !== null);
  return [change ? '1' : '0', change?.dueIn ?? '', list(cleared), list(answered), ...set.flat()];
}

/** Texts as one. Nothing that is stored holds a NUL, so what does is looked for in vain. */
function list(texts: readonly string[]): string {
  return texts.length === 0 ? '' : texts.filter(isStorable).join('\0');
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
