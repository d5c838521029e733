import { randomUUID } from 'node:crypto';
import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import type { JsonValue } from '../json-value.js';
import type { EntryDraft, HeldReason, LogEntry } from '../log-entry.js';
import type { LoadedSaga, PlanShape, SagaRecord, SagaStatus, SagaSummary } from '../saga-record.js';
import type { HeadChange, NewSaga } from '../saga-changes.js';
import type { StoredError } from '../stored-error.js';
import { copyJson } from './copy-json.js';

/** One row of a log: the entries of one write, and what they share. */
interface StoredRow {
  readonly entries: readonly EntryDraft[];
  /** The `seq` of the first entry. */
  readonly seq: number;
  /** Milliseconds. */
  readonly at: number;
  readonly worker: string | undefined;
}

/** What a write adds to a saga. */
export interface NewRow {
  readonly entries: readonly EntryDraft[];
  readonly worker?: string;
  readonly writeId: string;
  readonly context?: JsonValue;
  readonly snapshot?: JsonValue;
  readonly head?: HeadChange;
}

/** Who takes a saga over, and whether somebody asked for it by its id. */
export interface TakeOver {
  readonly worker: string;
  readonly asked: boolean;
}

/**
 * A saga as memory keeps it: head and log in one object, times in ms. Everything is copied on its way in and on its way
 * out, so nobody outside holds a reference into it. Every property is set from the start: objects of one shape are
 * small and fast.
 */
export class StoredSaga {
  readonly id: string;
  readonly name: string;
  readonly definitionVersion: number;
  readonly plan: PlanShape;
  readonly planHash: string;
  readonly createdAt: number;
  updatedAt: number;
  status: SagaStatus;
  worker: string | undefined;
  dueAt: number | undefined = undefined;
  heldReason: HeldReason | undefined = undefined;
  error: StoredError | undefined = undefined;
  failedStep: string | undefined = undefined;
  seq = 0;
  context: JsonValue = null;
  snapshot: JsonValue | undefined = undefined;
  writeId = '';
  private readonly rows: StoredRow[] = [];
  /** How many rows the snapshot covers. */
  private folded = 0;

  /** @param created.plan A plan that this saga may keep without copying it. */
  constructor(saga: NewSaga, { plan, at }: { readonly plan: PlanShape; readonly at: number }) {
    this.id = saga.id;
    this.name = saga.name;
    this.definitionVersion = saga.definitionVersion;
    this.plan = plan;
    this.planHash = saga.planHash;
    this.createdAt = at;
    this.updatedAt = at;
    this.status = saga.status;
    this.worker = saga.worker;
    this.append(saga, at);
  }

  get version(): number {
    return this.rows.length;
  }

  /** Appends one row and changes the head: both, or, when a value cannot be copied, neither. */
  append(row: NewRow, at: number): void {
    const entries = copyGiven(row.entries, this.id);
    const context = copyGiven(row.context, this.id);
    const snapshot = copyGiven(row.snapshot, this.id);
    const head = copyGiven(row.head, this.id);
    this.rows.push({ entries, seq: this.seq + 1, at, worker: row.worker });
    this.seq += entries.length;
    this.writeId = row.writeId;
    if (context !== undefined) this.context = context;
    if (snapshot !== undefined) {
      this.snapshot = snapshot;
      this.folded = this.rows.length;
    }
    if (head !== undefined) this.changeHead(head, at);
  }

  /** A claim: one more row, by which every writer that has read the row before is fenced out, and a new worker. */
  takeOver({ worker, asked }: TakeOver, at: number): void {
    this.append({ entries: [{ event: 'claimed', ...(asked && { asked }) }], worker, writeId: randomUUID() }, at);
    this.worker = worker;
    this.dueAt = undefined;
    this.heldReason = undefined;
    this.updatedAt = at;
  }

  load(): Pick<LoadedSaga, 'record' | 'snapshot' | 'entries' | 'writeId'> {
    return {
      record: this.record(),
      ...(this.snapshot !== undefined && { snapshot: copyJson(this.snapshot) }),
      entries: this.rows.slice(this.folded).flatMap(toEntries),
      writeId: this.writeId,
    };
  }

  entriesAfter(seq: number): LogEntry[] {
    return this.rows.flatMap(toEntries).filter((entry) => entry.seq > seq);
  }

  summary(): SagaSummary {
    const { id, name, definitionVersion, status, worker, heldReason, error, failedStep } = this;
    return {
      ...copyJson({ id, name, definitionVersion, status, worker, heldReason, error, failedStep }),
      ...(this.dueAt !== undefined && { dueAt: new Date(this.dueAt) }),
      createdAt: new Date(this.createdAt),
      updatedAt: new Date(this.updatedAt),
    };
  }

  private record(): SagaRecord {
    const { plan, planHash, version, seq, context } = this;
    return { ...this.summary(), ...copyJson({ plan, planHash, version, seq, context }) };
  }

  private changeHead(change: HeadChange, at: number): void {
    this.updatedAt = at;
    if (change.status !== undefined) this.status = change.status;
    if (change.worker === null) this.worker = undefined;
    if (change.dueIn !== undefined) this.dueAt = change.dueIn === null ? undefined : at + change.dueIn;
    if (change.heldReason !== undefined) this.heldReason = change.heldReason ?? undefined;
    if (change.error !== undefined) this.error = change.error ?? undefined;
    if (change.failedStep !== undefined) this.failedStep = change.failedStep ?? undefined;
  }
}

function toEntries({ entries, seq, at, worker }: StoredRow): LogEntry[] {
  return entries.map((entry, index) => ({
    ...copyJson(entry),
    seq: seq + index,
    at: new Date(at),
    ...(worker !== undefined && { worker }),
  }));
}

/** Copying is recursive, so that a value too deep for the stack is one that can never be stored. */
function copyGiven<T>(value: T, sagaId: string): T {
  try {
    return copyJson(value);
  } catch (cause) {
    throw new StorageRejectedError(
      `A value of saga '${sagaId}' is nested too deeply to be copied. Nothing was written; store a flatter one.`,
      { cause, sagaId },
    );
  }
}
