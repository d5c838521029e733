import type { HeldReason } from './log-entry.js';
import type { SagaStatus } from './saga-record.js';

/** Which part of a saga's log is read. */
export interface HistoryOptions {
  /** Only entries with a greater `seq`. Default: 0, all of them. */
  readonly after?: number;
}

/**
 * Which sagas a worker may take. A saga qualifies when it is not final, its name is known (`definitions`), and
 *
 * 1. it has an operator's request and no live worker, parked or not; or
 * 2. `ids` names it and it has no live worker, parked or not, due or not; or
 * 3. it is not parked, its worker is gone or it has none, and it is due: no `dueAt`, or `dueAt` is past. `ignoreDue`
 *    takes it before; or
 * 4. it is parked as `definition-changed` or `handler-missing`, has no live worker, and name and plan hash are both among
 *    `definitions`.
 *
 * Those are taken first that have been waiting longest: since `dueAt`, or without one since the head last changed. So however many are left, and
 * whatever their ids, each has its turn.
 *
 * A live worker is one whose lease has not expired and who is not among `goneWorkers`. With `ids`, only those are taken.
 */
export interface ClaimQuery {
  /** The lease that takes them. */
  readonly worker: string;
  /** At most this many; no default. */
  readonly limit: number;
  /** Those that this application has; sagas of others are left alone. */
  readonly definitions: readonly DefinitionKey[];
  /** Workers that are certainly gone although their lease is still valid. */
  readonly goneWorkers?: readonly string[];
  /** Take these and no others, parked or due or not. Default: whichever qualify. */
  readonly ids?: readonly string[];
  /** Take those too whose `dueAt` has not come. Default: `false`. */
  readonly ignoreDue?: boolean;
}

/** A saga definition as claims know it: its name, and the hash of the plan that the code has of it. */
export interface DefinitionKey {
  /** The definition's, as sagas carry it. */
  readonly name: string;
  /** Tells whether a saga that was parked for want of its code has found it. */
  readonly planHash: string;
}

/** What `find` looks for; a saga has to match all that is given. Default of each: no restriction. */
export interface SagaQuery {
  /** One status or several; an empty list is refused. */
  readonly status?: SagaStatus | readonly SagaStatus[];
  /** The saga definition's name. */
  readonly name?: string;
  /** The step whose failure turned the saga back. */
  readonly step?: string;
  /** Text that the error's message contains, compared without regard to case for ASCII letters. */
  readonly error?: string;
  /** Only parked sagas, or only those parked with this code. */
  readonly held?: true | HeldReason['code'];
  /** Created later than this, not at it; by the storage's clock. */
  readonly createdAfter?: Date;
  /** Created earlier than this, not at it; by the storage's clock. */
  readonly createdBefore?: Date;
  /** At most this many; default 50, at most 1000. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}

/** Some of the results of a query, and how to get at the rest. */
export interface Page<T> {
  /** In the order of the query; at most `limit`. */
  readonly items: readonly T[];
  /** Give it as `after` to get the next page; absent on the last one. */
  readonly next?: string;
}

/** Which finished sagas `prune` deletes. */
export interface PruneQuery {
  /** Which final statuses; default both. */
  readonly status?: 'COMPLETED' | 'FAILED' | readonly ('COMPLETED' | 'FAILED')[];
  /** Finished more than this many milliseconds ago, by the storage's clock. */
  readonly olderThan: number;
  /** At most this many in one call; default 1000. */
  readonly limit?: number;
}
