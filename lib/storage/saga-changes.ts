import type { JsonValue } from './json-value.js';
import type { EntryDraft, HeldReason } from './log-entry.js';
import type { OperatorRequest } from './operator-request.js';
import type { PlanShape, SagaStatus } from './saga-record.js';
import type { StoredError } from './stored-error.js';

/** What `create` stores: the head of a new saga and the first row of its log. */
export interface NewSaga {
  /** 1 to 255 characters; unique within the storage, compared code unit by code unit. */
  readonly id: string;
  /** The saga definition's name. */
  readonly name: string;
  /** The saga definition's `version`: for people, nothing is decided by it. */
  readonly definitionVersion: number;
  /** The definition's steps, as the saga keeps them for as long as it lives. */
  /** Not changed afterwards, by whoever has made it: storages remember its text. */
  readonly plan: PlanShape;
  /** Of `plan`: what claims compare with the code's. */
  readonly planHash: string;
  /** `RUNNING` with a worker; `PENDING` without one, until some worker claims it. An empty plan starts `COMPLETED`. */
  readonly status: SagaStatus;
  /** The lease under which it runs; absent when nobody has to run it, or nobody does yet. */
  readonly worker?: string;
  /** As the serializer made it. */
  readonly context: JsonValue;
  /** The first row, version 1; its first entry has `seq` 1. */
  readonly entries: readonly EntryDraft[];
  /** Of this write alone, and the same when it is tried again. */
  readonly writeId: string;
}

/** `exists` also when this very write landed before and only its answer was lost: `writeId` of the loaded saga tells. */
export type CreateResult =
  | {
      readonly outcome: 'created';
      /** When, by the storage's clock. */
      readonly at: Date;
    }
  | {
      readonly outcome: 'exists';
      /** The definition of the saga that has this id. */
      readonly name: string;
    };

/** As {@link CreateResult}, of a saga that is created in a transaction of the application's. */
export type CreateWithinResult = CreateResult & {
  /**
   * Whether the application's transaction is still open. Once it is not, `load` tells whether it was committed. Asked outside of the transaction,
   * from then on as often as one likes; `true` where it cannot be told just now.
   */
  isOpen(): Promise<boolean>;
};

/** What `transition` writes: one more row of a saga's log, and what changes in its head. */
export interface SagaTransition {
  /** The saga's. */
  readonly id: string;
  /** The version that this write makes: the one it read, plus 1. */
  readonly version: number;
  /** The `seq` of the first of `entries`. */
  readonly seq: number;
  /** At least one; the storage stamps them with `seq`, time and worker. */
  readonly entries: readonly EntryDraft[];
  /** The context, where it changed. Always given together with `snapshot`. */
  readonly context?: JsonValue;
  /** The folded state after this row, so that later loads start here. Given every now and then on a long log. */
  readonly snapshot?: JsonValue;
  /** Absent: the head stays as it is. */
  readonly head?: HeadChange;
  /** The lease under which it is written: what the entries are stamped with. The fence is the version, not this. */
  readonly worker: string;
  /** Of this write alone, and the same when it is tried again: by it a writer whose answer was lost knows its own row. */
  readonly writeId: string;
  /**
   * The operators' requests that the writer has read. If the saga has others, nothing is written and they come back:
   * the owner must have read every request before it writes. Those named by an entry's `request` are answered by this
   * write, and deleted with it.
   */
  readonly knownRequests: readonly string[];
}

/** `conflict`: the version is taken, it would leave a gap, or the saga is gone. Nothing was written. */
export type TransitionResult =
  | {
      readonly outcome: 'written';
      /** When, by the storage's clock: the time of its entries. */
      readonly at: Date;
    }
  | { readonly outcome: 'conflict' }
  | {
      readonly outcome: 'requested';
      /** All that nobody has answered yet and the writer did not know, oldest first. */
      readonly requests: readonly OperatorRequest[];
    };

/** What changes in the head; what is absent stays, `null` clears. */
export interface HeadChange {
  /** The new status. */
  readonly status?: SagaStatus;
  /** `null` when nobody has to run it for now. Only a claim sets a worker. */
  readonly worker?: null;
  /** Milliseconds from now, by the storage's clock. */
  readonly dueIn?: number | null;
  /** Why the saga is parked from now on. */
  readonly heldReason?: HeldReason | null;
  /** Why it turns back. */
  readonly error?: StoredError | null;
  /** The step whose failure turned it back; `null` where none did. */
  readonly failedStep?: string | null;
}

/** What became of an operator's request: `final` and `unknown-saga` stored nothing. */
export type RequestResult = 'stored' | 'final' | 'unknown-saga';
