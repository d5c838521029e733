import type { StorageCapabilities } from '../saga-storage.js';

/** The connections that a storage needs for itself: the batches under way, one to read, claim and beat, and one that may listen. */
export interface ConnectionNeeds {
  readonly batches: number;
  readonly listens: boolean;
  readonly poolSize: number | undefined;
  /** The storage's class, and where its client's size is said: for whoever has given too few. */
  readonly storage: string;
  readonly sizeOption: string;
}

/** What a pool has that does not tell: half of what most libraries take by default, so that it is not too much. */
const UNKNOWN_POOL_SIZE = 5;

/** How many transactional steps may hold a connection at once, and what a storage can do because of it. */
export interface ConnectionBudget {
  readonly transactionsAtOnce: number;
  readonly capabilities: StorageCapabilities;
}

/** What is left of a pool for transactional steps. */
export function connectionBudget({
  batches,
  listens,
  poolSize = UNKNOWN_POOL_SIZE,
  storage,
  sizeOption,
}: ConnectionNeeds): ConnectionBudget {
  const own = batches + 1 + (listens ? 1 : 0);
  const left = poolSize - own;
  if (left > 0) return { transactionsAtOnce: left, capabilities: { transactions: true } };
  const transactionsRefused =
    `the client of ${storage} has ${poolSize} connections, and the storage needs ${own} for itself, ` +
    `to write and to keep its lease: transactional steps need at least ${own + 1} (${sizeOption}; \`poolSize\` says it for clients that do not)`;
  return { transactionsAtOnce: 1, capabilities: { transactions: true, transactionsRefused } };
}
