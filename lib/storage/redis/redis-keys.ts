import type { HintTopic } from '../hint-topic.js';

/** The keys of a storage. All have the prefix, and with it the hash tag: on a cluster they are in one slot. */
export interface RedisKeys {
  /** A text: the number of the newest migration that has run. */
  readonly schema: string;
  /** A sorted set by name: what sagas can be found by. See `scripts/saga-indexes.ts`. */
  readonly find: string;
  /** A sorted set by name: unfinished sagas, by who has to care for them. See `scripts/saga-indexes.ts`. */
  readonly recover: string;
  /** A sorted set: workers by the end of their lease. */
  readonly workers: string;
  /** A hash: the processes of workers. */
  readonly processes: string;
  /** A set: the sagas that have operators' requests. */
  readonly requested: string;
  /** Nothing for longer than a moment: what the client's rights are tried on. */
  readonly trial: string;
  /** No keys: the channels on which others are told of what happens, by topic. */
  readonly channels: Readonly<Record<HintTopic, string>>;
  /** The keys of one saga. */
  readonly saga: (id: string) => SagaKeys;
}

/** The keys of one saga. */
export interface SagaKeys {
  /** A hash: what the saga can be found by, its version, its context. */
  readonly head: string;
  /** A list: one row a transition. The row of version 1 is its first. */
  readonly log: string;
  /** A list: operators' requests that nobody has answered yet, oldest first. */
  readonly requests: string;
}

/** The keys under a prefix, which has been checked by `checkOptions`. */
export function redisKeys(prefix: string): RedisKeys {
  return {
    schema: `${prefix}schema`,
    find: `${prefix}find`,
    recover: `${prefix}recover`,
    workers: `${prefix}workers`,
    processes: `${prefix}processes`,
    requested: `${prefix}requested`,
    trial: `${prefix}trial`,
    channels: { written: `${prefix}written`, wanted: `${prefix}wanted` },
    saga: (id) => ({ head: `${prefix}head:${id}`, log: `${prefix}log:${id}`, requests: `${prefix}requests:${id}` }),
  };
}
