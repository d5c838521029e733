import type { SagaRegistry } from '../discovery/saga-registry.js';
import { UNFINISHED_STATUSES, type LoadedSaga } from '../storage/saga-record.js';
import type { ClaimQuery } from '../storage/saga-queries.js';
import { isCertainlyGone } from './process-identity.js';
import type { SagaEnvironment } from './saga-environment.js';
import type { Worker } from './worker.js';

const PAGE = 1_000;

/** Which sagas to take over. */
export type Wanted = Pick<ClaimQuery, 'limit' | 'ids' | 'ignoreDue'>;

/**
 * Takes sagas over for this worker, and remembers when an answer to that was lost: then the storage may have given it sagas of which
 * it knows nothing, and which nobody else takes while it lives.
 */
export class Claims {
  /** Taken over, and not begun yet. */
  private readonly waiting = new Set<string>();
  #answerLost = false;
  #underWay = 0;
  #search: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly env: SagaEnvironment,
    private readonly worker: Worker,
    private readonly registry: SagaRegistry,
  ) {}

  /** Claims what can be claimed; none while this worker has no lease to claim for. */
  async take(wanted: Wanted): Promise<readonly LoadedSaga[]> {
    await this.#search;
    const { lease } = this.worker;
    if (!lease.isTrusted()) return [];
    const goneWorkers = await this.goneWorkers();
    this.#underWay++;
    try {
      const query = { ...wanted, worker: lease.id, definitions: this.definitions(wanted), goneWorkers };
      return this.taken(await this.env.storage.claim(query));
    } catch (error) {
      this.#answerLost = true;
      throw error;
    } finally {
      this.#underWay--;
    }
  }

  /** The saga runs, or is parked. */
  begun(id: string): void {
    this.waiting.delete(id);
  }

  /** A saga that was taken over could not be begun: it is to be found again. */
  lost(): void {
    this.#answerLost = true;
  }

  /** What this worker was given without hearing of it. Looked for only after an answer was lost, and while no other is on its way. */
  async forgotten(): Promise<readonly LoadedSaga[]> {
    if (!this.#answerLost || this.#underWay > 0) return [];
    this.#answerLost = false;
    const search = this.search();
    this.#search = search.catch(() => this.lost());
    return this.taken(await search);
  }

  private async search(): Promise<readonly LoadedSaga[]> {
    const found: LoadedSaga[] = [];
    for (let after: string | undefined; ;) {
      const { storage } = this.env;
      const { items, next } = await storage.find({ status: UNFINISHED_STATUSES, limit: PAGE, ...(after && { after }) });
      for (const { id, worker } of items) {
        if (worker !== this.worker.lease.id || this.isKnown(id)) continue;
        const loaded = await storage.load(id);
        if (loaded !== undefined && hasJustBeenClaimed(loaded) && !this.isKnown(id)) found.push(loaded);
      }
      if (next === undefined) return found;
      after = next;
    }
  }

  private isKnown(id: string): boolean {
    return this.waiting.has(id) || this.worker.executionOf(id) !== undefined;
  }

  private taken(claimed: readonly LoadedSaga[]): readonly LoadedSaga[] {
    for (const { record } of claimed) this.waiting.add(record.id);
    return claimed;
  }

  /** `recovery.sagas` is about looking; whoever names a saga means it. */
  private definitions({ ids }: Wanted): ClaimQuery['definitions'] {
    const { sagas } = this.env.options.recovery;
    const all = this.registry.all().map(({ name, hash }) => ({ name, planHash: hash }));
    return sagas === undefined || ids !== undefined ? all : all.filter(({ name }) => sagas.includes(name));
  }

  private async goneWorkers(): Promise<readonly string[]> {
    const workers = await this.env.storage.workers();
    return workers.filter(({ process }) => process !== undefined && isCertainlyGone(process)).map(({ id }) => id);
  }
}

/** A saga that this worker has created, and not begun yet, was never claimed: that one is on its way. */
function hasJustBeenClaimed({ entries, unreadable }: LoadedSaga): boolean {
  return unreadable !== undefined || entries.at(-1)?.event === 'claimed';
}
