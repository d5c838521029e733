import type { JsonValue } from './json-value.js';
import type { HeldReason, LogEntry } from './log-entry.js';
import type { OperatorRequest } from './operator-request.js';
import type { StoredError } from './stored-error.js';

/**
 * `COMPLETED` and `FAILED` are final. `COMPENSATION_FAILED` is not: something that should have been undone still
 * stands, and the saga stays visible until recovery or an operator has settled it.
 */
export type SagaStatus = 'PENDING' | 'RUNNING' | 'COMPENSATING' | 'COMPLETED' | 'FAILED' | 'COMPENSATION_FAILED';

/** Every status there is, for checks at run time and for filters. */
export const SAGA_STATUSES = [
  'PENDING',
  'RUNNING',
  'COMPENSATING',
  'COMPLETED',
  'FAILED',
  'COMPENSATION_FAILED',
] as const satisfies readonly SagaStatus[];

/** Whether a saga in this status never changes any more. */
export function isFinal(status: SagaStatus): status is 'COMPLETED' | 'FAILED' {
  return status === 'COMPLETED' || status === 'FAILED';
}

/** The statuses of sagas that can still change. */
export const UNFINISHED_STATUSES: readonly SagaStatus[] = SAGA_STATUSES.filter((status) => !isFinal(status));

/** The head of a saga: what it can be found by. Touched only when one of these changes, not with each transition. */
export interface SagaSummary {
  /** 1 to 255 characters. */
  readonly id: string;
  /** The name of the saga definition. */
  readonly name: string;
  /** The definition's `version` when the saga was created. */
  readonly definitionVersion: number;
  /** Where it stands. */
  readonly status: SagaStatus;
  /** The worker that runs it, or ran it last; absent when nobody has to. */
  readonly worker?: string;
  /** When recovery may take it up, by the storage's clock; absent: whenever its worker is gone. */
  readonly dueAt?: Date;
  /** Why it is parked; absent when it is not. */
  readonly heldReason?: HeldReason;
  /** Why it turned back. */
  readonly error?: StoredError;
  /** The step whose failure turned it back. */
  readonly failedStep?: string;
  /** By the storage's clock, as all times of a saga. */
  readonly createdAt: Date;
  /** When the head last changed. */
  readonly updatedAt: Date;
}

/** The steps of a saga's definition when it was created, in order: what a changed definition is compared with. */
export type PlanShape = readonly PlanShapeNode[];

/** A place in a stored plan: a step by name and kind, or a fallback of two places. */
export type PlanShapeNode =
  | {
      /** Its name. */
      readonly step: string;
      /** A `StepKind`, or one that a later release has brought. */
      readonly kind: string;
    }
  | {
      /** The backup acts when the primary has failed. */
      readonly fallback: readonly [primary: PlanShapeNode, backup: PlanShapeNode];
    };

/** A saga as a storage keeps it. */
export interface SagaRecord extends SagaSummary {
  /** The steps that it was created with. */
  readonly plan: PlanShape;
  /** Identifies the plan; claims are filtered by it, so that a saga meets code that knows its steps. */
  readonly planHash: string;
  /** +1 with each write and each claim: the optimistic lock and the fencing token. */
  readonly version: number;
  /** The `seq` of the last log entry. */
  readonly seq: number;
  /** The last context that was written. */
  readonly context: JsonValue;
}

/** A saga as it is loaded to be continued. */
export interface LoadedSaga {
  /** What is known of it without its log. */
  readonly record: SagaRecord;
  /** The folded state that the last snapshot row carried, if there is one. */
  readonly snapshot?: JsonValue;
  /** The entries behind the snapshot; all of them where there is none. */
  readonly entries: readonly LogEntry[];
  /** The id of the last write, by which a writer recognises its own row after a lost answer. */
  readonly writeId: string;
  /** Operators' requests that nobody has answered yet, oldest first. */
  readonly requests: readonly OperatorRequest[];
  /** The storage's clock at the time of loading. */
  readonly now: Date;
  /**
   * Set when the stored rows cannot be read (damaged, or written by a newer release): says what is wrong. The record
   * then carries what could be read, an empty plan and a `null` context, and `entries` is empty.
   */
  readonly unreadable?: string;
}
