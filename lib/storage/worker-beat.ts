/** What a worker says to the storage when it registers and whenever it renews its lease. */
export interface WorkerBeat {
  /** The id of the lease. A worker that lost one goes on under a new id. */
  readonly worker: string;
  /** 0 registers; 1, 2, 3 … renew. */
  readonly beat: number;
  /** Milliseconds from now until the lease expires, by the storage's clock. */
  readonly duration: number;
  /** Tells, on the same host, whether the worker's process still exists. Opaque to the storage; given with beat 0. */
  readonly process?: string;
}

/** `alive`: the lease is valid for another `duration`. `expired`: it is gone for good, and its sagas may be others' by now. */
export type HeartbeatResult =
  | {
      readonly outcome: 'alive';
      /** Sagas of this worker that have an unanswered operator's request. */
      readonly requested: readonly string[];
    }
  | { readonly outcome: 'expired' };

/** A worker whose lease is valid. */
export interface WorkerInfo {
  /** Its lease's, which sagas carry as their `worker`. */
  readonly id: string;
  /** As it was given with beat 0; absent when it was not. */
  readonly process?: string;
  /** When others may take its sagas, by the storage's clock. */
  readonly expiresAt: Date;
}
