import { lacksCode } from '../log-entry.js';
import type { ClaimQuery } from '../saga-queries.js';
import type { StoredSaga } from './stored-saga.js';

/** What a claim asks of the storage about a saga, beyond the saga itself. */
export interface ClaimSituation {
  /** Milliseconds, by the storage's clock. */
  readonly now: number;
  isAlive(worker: string): boolean;
  hasRequests(sagaId: string): boolean;
}

/** The rules of {@link ClaimQuery} as one predicate: whether this claim may take a saga that is not final. */
export function claimRules(query: ClaimQuery, situation: ClaimSituation): (saga: StoredSaga) => boolean {
  const names = new Set(query.definitions.map(({ name }) => name));
  const gone = new Set(query.goneWorkers);
  const ids = query.ids && new Set(query.ids);

  return (saga) => {
    if (!names.has(saga.name) || hasLiveWorker(saga, gone, situation)) return false;
    if (ids !== undefined) return ids.has(saga.id);
    if (situation.hasRequests(saga.id)) return true;
    if (saga.heldReason === undefined) return query.ignoreDue === true || isDue(saga, situation.now);
    return lacksCode(saga.heldReason) && knowsPlan(query, saga);
  };
}

function hasLiveWorker({ worker }: StoredSaga, gone: ReadonlySet<string>, situation: ClaimSituation): boolean {
  return worker !== undefined && !gone.has(worker) && situation.isAlive(worker);
}

function isDue({ dueAt }: StoredSaga, now: number): boolean {
  return dueAt === undefined || dueAt <= now;
}

function knowsPlan({ definitions }: ClaimQuery, { name, planHash }: StoredSaga): boolean {
  return definitions.some((definition) => definition.name === name && definition.planHash === planHash);
}
