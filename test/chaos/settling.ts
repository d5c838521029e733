import { setTimeout } from 'node:timers/promises';
import { SAGA_STATUSES, isFinal, type SagaStatus, type SagaStorage, type SagaSummary } from 'nest-saga';

/** For so long nothing more may come to its end, once nothing fails any more and something is left. A busy machine settles slowly. */
const STANDSTILL = 120_000;
/** How often an operator asks for a saga that waits, in ms, and for how many at a time. */
const OPERATOR_PAUSE = 3_000;
const ASKED_AT_ONCE = 20;
const UNFINISHED = SAGA_STATUSES.filter((status) => !isFinal(status));

export interface SettlingOptions {
  /** An operator asks for this saga. */
  readonly ask: (saga: SagaSummary) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Nothing fails any more: an operator looks after what waits, until everything has come to its end or nothing does any more. */
export async function settle(storage: SagaStorage, { ask, signal }: SettlingOptions): Promise<void> {
  let fewest = Infinity;
  let since = performance.now();
  const asked = new Map<string, number>();
  while (performance.now() - since < STANDSTILL) {
    const unfinished = await allOf(storage, UNFINISHED);
    if (unfinished.length === 0) return;
    if (unfinished.length < fewest) {
      fewest = unfinished.length;
      since = performance.now();
    }
    // Rounds of compensation come less and less often, which an operator need not wait for; but one who asks without a pause would keep the
    // workers from everything else.
    const waiting = unfinished.filter(
      ({ id, status, heldReason }) =>
        (heldReason !== undefined || status === 'COMPENSATION_FAILED') &&
        performance.now() - (asked.get(id) ?? -Infinity) > OPERATOR_PAUSE,
    );
    for (const saga of waiting.slice(0, ASKED_AT_ONCE)) {
      asked.set(saga.id, performance.now());
      ask(saga);
    }
    await setTimeout(300, undefined, { signal });
  }
}

/** All sagas of these statuses, however many pages they are. */
async function allOf(storage: SagaStorage, status: readonly SagaStatus[]): Promise<readonly SagaSummary[]> {
  const found: SagaSummary[] = [];
  for (let after: string | undefined; ;) {
    const { items, next } = await storage.find({ status, limit: 500, ...(after === undefined ? {} : { after }) });
    found.push(...items);
    if (next === undefined) return found;
    after = next;
  }
}
