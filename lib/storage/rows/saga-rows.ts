import { UnreadableSagaError } from '../../errors/unreadable-saga-error.js';
import type { JsonValue } from '../json-value.js';
import type { HeldReason, LogEntry } from '../log-entry.js';
import type { OperatorRequest } from '../operator-request.js';
import { encodeCursor } from '../page-cursor.js';
import { SAGA_STATUSES, type LoadedSaga, type PlanShape, type SagaStatus, type SagaSummary } from '../saga-record.js';
import type { Page } from '../saga-queries.js';
import type { StoredError } from '../stored-error.js';

/** JSON of a column: as text, or as what it says, where a row is part of JSON itself. */
export type JsonList = string | readonly JsonValue[];

/** A row of the heads, as every dialect selects it: JSON as text, times as milliseconds since the epoch. */
export interface HeadRow {
  readonly id: string;
  readonly name: string;
  readonly definition_version: number;
  readonly plan: JsonList;
  readonly plan_hash: string;
  readonly status: string;
  readonly worker: string | null;
  readonly due_at: number | null;
  readonly held_reason: string | null;
  readonly error: string | null;
  readonly failed_step: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  /** The version of the last row with a snapshot; 0 when there is none. */
  readonly snapshot_version: number;
}

/** A row of the log. */
export interface LogRow {
  readonly version: number;
  readonly format: number;
  readonly write_id: string;
  readonly worker: string | null;
  readonly at: number;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly entries: JsonList;
  readonly context: string | null;
  readonly snapshot: string | null;
}

/** An operator's request, whole, as JSON. */
export interface RequestRow {
  readonly request: string;
}

/** The format of log rows that this release writes, and the newest that it reads. */
export const LOG_FORMAT = 1;

/** What a head says. What cannot be read of it is left out, so that a damaged saga can still be found. */
export function toSummary(head: HeadRow): SagaSummary {
  return {
    id: head.id,
    name: head.name,
    definitionVersion: head.definition_version,
    status: head.status as SagaStatus,
    ...(head.worker !== null && { worker: head.worker }),
    ...(head.due_at !== null && { dueAt: new Date(head.due_at) }),
    ...readable<HeldReason, 'heldReason'>('heldReason', head.held_reason),
    ...readable<StoredError, 'error'>('error', head.error),
    ...(head.failed_step !== null && { failedStep: head.failed_step }),
    createdAt: new Date(head.created_at),
    updatedAt: new Date(head.updated_at),
  };
}

/** A page of heads, newest first, of rows that are one more than `limit` where there is another page. */
export function toPage(rows: readonly HeadRow[], limit: number): Page<SagaSummary> {
  const items = rows.slice(0, limit).map(toSummary);
  const last = items.at(-1);
  if (rows.length <= limit || last === undefined) return { items };
  return { items, next: encodeCursor({ createdAt: last.createdAt.getTime(), id: last.id }) };
}

export function toRequest(row: RequestRow): OperatorRequest {
  return JSON.parse(row.request) as OperatorRequest;
}

/**
 * The entries of a row.
 *
 * @throws UnreadableSagaError
 */
export function toEntries(sagaId: string, row: LogRow): readonly LogEntry[] {
  if (row.format > LOG_FORMAT) {
    throw new UnreadableSagaError({
      sagaId,
      problem: `row ${row.version} of its log is in format ${row.format}, and this release reads formats up to ${LOG_FORMAT}`,
    });
  }
  const drafts: unknown = parse(sagaId, `the entries of row ${row.version}`, row.entries);
  if (!isListOfObjects(drafts) || drafts.length !== row.last_seq - row.first_seq + 1) {
    throw new UnreadableSagaError({ sagaId, problem: `the entries of row ${row.version} of its log are not complete` });
  }
  const { worker, first_seq: firstSeq } = row;
  const at = new Date(row.at);
  // Into the drafts themselves, which nobody else has: copies of them were a tenth of what loading a saga costs the process.
  return drafts.map((draft, i) => {
    const stamp = worker === null ? { seq: firstSeq + i, at } : { seq: firstSeq + i, at, worker };
    return Object.assign(draft, stamp) as LogEntry;
  });
}

function isListOfObjects(json: unknown): json is object[] {
  return Array.isArray(json) && json.every((item) => typeof item === 'object' && item !== null);
}

/** What {@link toLoadedSaga} makes a saga of. */
export interface SagaRows {
  readonly head: HeadRow;
  /** From the last snapshot on, in order. */
  readonly log: readonly LogRow[];
  /** Oldest first. */
  readonly requests: readonly RequestRow[];
  readonly now: number;
}

/** The saga that these rows are, or as much of it as can be read. */
export function toLoadedSaga(rows: SagaRows): LoadedSaga {
  const { head, log } = rows;
  const last = log.at(-1);
  const record = {
    ...toSummary(head),
    planHash: head.plan_hash,
    version: last?.version ?? 0,
    seq: last?.last_seq ?? 0,
  };
  const common = {
    writeId: last?.write_id ?? '',
    requests: rows.requests.map(toRequest),
    now: new Date(rows.now),
  };
  try {
    const { plan, context, snapshot, entries } = readSaga(rows);
    return { record: { ...record, plan, context }, ...(snapshot !== undefined && { snapshot }), entries, ...common };
  } catch (error) {
    if (!(error instanceof UnreadableSagaError)) throw error;
    return { record: { ...record, plan: [], context: null }, entries: [], ...common, unreadable: error.problem };
  }
}

function readSaga({ head, log }: SagaRows) {
  const { id, snapshot_version: snapshotVersion } = head;
  if (!SAGA_STATUSES.includes(head.status as SagaStatus)) {
    throw new UnreadableSagaError({ sagaId: id, problem: `its status '${head.status}' is unknown to this release` });
  }
  checkUnbroken(id, log, Math.max(snapshotVersion, 1));
  const entries = log.flatMap((row) => toEntries(id, row));
  const contextRow = log.findLast(({ context }) => context !== null);
  if (contextRow?.context == null) throw new UnreadableSagaError({ sagaId: id, problem: 'its context is missing' });
  const snapshotRow = snapshotVersion === 0 ? undefined : log[0];
  return {
    plan: parse(id, 'its plan', head.plan) as PlanShape,
    context: parse(id, `the context of row ${contextRow.version}`, contextRow.context),
    snapshot: snapshotRow && parse(id, `the snapshot of row ${snapshotRow.version}`, snapshotRow.snapshot ?? ''),
    entries: snapshotRow ? entries.filter(({ seq }) => seq > snapshotRow.last_seq) : entries,
  };
}

/** A log with a hole is no history: what stood in the hole may be the point of no return. */
function checkUnbroken(sagaId: string, log: readonly LogRow[], firstVersion: number): void {
  const broken = log.findIndex(
    (row, i) => row.version !== firstVersion + i || (i > 0 && row.first_seq !== (log[i - 1]?.last_seq ?? 0) + 1),
  );
  if (broken === -1 && log.length > 0) return;
  const missing = firstVersion + Math.max(broken, 0);
  throw new UnreadableSagaError({ sagaId, problem: `row ${missing} of its log is missing or does not fit` });
}

function parse(sagaId: string, what: string, text: JsonList): JsonValue {
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new UnreadableSagaError({ sagaId, problem: `${what} is damaged`, cause });
  }
}

function readable<T, K extends string>(key: K, text: string | null): { readonly [P in K]?: T } {
  if (text === null) return {};
  try {
    return { [key]: JSON.parse(text) as T } as { readonly [P in K]?: T };
  } catch {
    return {};
  }
}
