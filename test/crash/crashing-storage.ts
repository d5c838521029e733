import { EventEmitter, once } from 'node:events';
import {
  SagaStorage,
  type ClaimQuery,
  type CreateResult,
  type EntryDraft,
  type HeartbeatResult,
  type HistoryOptions,
  type LoadedSaga,
  type LogEntry,
  type NewSaga,
  type OperatorRequest,
  type Page,
  type PruneQuery,
  type RequestResult,
  type SagaQuery,
  type SagaSummary,
  type SagaTransition,
  type StorageCapabilities,
  type StorageTransaction,
  type TransactionOptions,
  type TransitionResult,
  type WorkerBeat,
  type WorkerInfo,
} from 'nest-saga';
import type { CrashPoint, CrashPoints } from './crash-points.js';

/** A real storage with a crash point before and after each durable write, and where it is in a transaction on both sides of its commit. */
export class CrashingStorage extends SagaStorage {
  override readonly capabilities: StorageCapabilities;
  /** Each saga may have somebody who waits for its request. */
  private readonly stored = new EventEmitter().setMaxListeners(0);
  #renewed = false;

  constructor(
    private readonly storage: SagaStorage,
    private readonly points: CrashPoints,
  ) {
    super();
    this.capabilities = storage.capabilities;
  }

  /** The lease of this process has been renewed. */
  get isRenewed(): boolean {
    return this.#renewed;
  }

  /** Resolves when the next request for this saga is stored. */
  requested(sagaId: string): Promise<unknown> {
    return once(this.stored, sagaId);
  }

  create(saga: NewSaga): Promise<CreateResult> {
    return this.around(saga, () => this.storage.create(saga));
  }

  transition(transition: SagaTransition): Promise<TransitionResult> {
    return this.around(transition, () => this.storage.transition(transition));
  }

  async claim(query: ClaimQuery): Promise<readonly LoadedSaga[]> {
    for (const sagaId of query.ids ?? []) await this.points.reach({ sagaId, name: 'before claim' });
    const claimed = await this.storage.claim(query);
    for (const { record } of claimed) {
      // Who names no sagas learns only now which ones it was about to take. Only the last process does so, which is never killed.
      if (query.ids === undefined) await this.points.reach({ sagaId: record.id, name: 'before claim' });
      await this.points.reach({ sagaId: record.id, name: 'after claim' });
    }
    return claimed;
  }

  override async transaction<T>(
    work: (transaction: StorageTransaction) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    let staged: CrashPoint | undefined;
    const result = await this.storage.transaction(async ({ handle, transition }) => {
      staged = undefined;
      return work({
        handle,
        transition: async (write) => {
          const names = namesOf(write.entries);
          await this.points.reach({ sagaId: write.id, name: `before write in a transaction ${names}` });
          const written = await transition(write);
          await this.points.reach({ sagaId: write.id, name: `before commit ${names}` });
          staged = { sagaId: write.id, name: `after commit ${names}` };
          return written;
        },
      });
    }, options);
    if (staged !== undefined) await this.points.reach(staged);
    return result;
  }

  open(): Promise<void> {
    return this.storage.open();
  }

  close(): Promise<void> {
    return this.storage.close();
  }

  load(id: string): Promise<LoadedSaga | undefined> {
    return this.storage.load(id);
  }

  history(id: string, options?: HistoryOptions): Promise<readonly LogEntry[]> {
    return this.storage.history(id, options);
  }

  async heartbeat(beat: WorkerBeat): Promise<HeartbeatResult> {
    const name = beat.beat === 0 ? 'register' : 'renew';
    await this.points.reach({ name: `before ${name}` });
    const result = await this.storage.heartbeat(beat);
    await this.points.reach({ name: `after ${name}` });
    this.#renewed ||= beat.beat > 0;
    return result;
  }

  async release(worker: string): Promise<void> {
    await this.points.reach({ name: 'before release' });
    await this.storage.release(worker);
    await this.points.reach({ name: 'after release' });
  }

  workers(): Promise<readonly WorkerInfo[]> {
    return this.storage.workers();
  }

  async request(request: OperatorRequest): Promise<RequestResult> {
    const { sagaId } = request;
    await this.points.reach({ sagaId, name: 'before request' });
    const result = await this.storage.request(request);
    await this.points.reach({ sagaId, name: 'after request' });
    this.stored.emit(sagaId);
    return result;
  }

  find(query: SagaQuery): Promise<Page<SagaSummary>> {
    return this.storage.find(query);
  }

  prune(query: PruneQuery): Promise<number> {
    return this.storage.prune(query);
  }

  private async around<T>({ id, entries }: Pick<NewSaga, 'id' | 'entries'>, write: () => Promise<T>): Promise<T> {
    await this.points.reach({ sagaId: id, name: `before write ${namesOf(entries)}` });
    const result = await write();
    await this.points.reach({ sagaId: id, name: `after write ${namesOf(entries)}` });
    return result;
  }
}

function namesOf(entries: readonly EntryDraft[]): string {
  return entries
    .map((entry) => (entry.step === undefined ? entry.event : `${entry.step} ${entry.phase} ${entry.event}`))
    .join(' + ');
}
