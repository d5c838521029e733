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

  constructor(
    private readonly storage: SagaStorage,
    private readonly points: CrashPoints,
  ) {
    super();
    this.capabilities = storage.capabilities;
  }

  create(saga: NewSaga): Promise<CreateResult> {
    return this.around(saga, () => this.storage.create(saga));
  }

  transition(transition: SagaTransition): Promise<TransitionResult> {
    return this.around(transition, () => this.storage.transition(transition));
  }

  async claim(query: ClaimQuery): Promise<readonly LoadedSaga[]> {
    const claimed = await this.storage.claim(query);
    for (const { record } of claimed) this.points.reach({ sagaId: record.id, name: 'after claim' });
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
          this.points.reach({ sagaId: write.id, name: `before write in a transaction ${names}` });
          const written = await transition(write);
          this.points.reach({ sagaId: write.id, name: `before commit ${names}` });
          staged = { sagaId: write.id, name: `after commit ${names}` };
          return written;
        },
      });
    }, options);
    if (staged !== undefined) this.points.reach(staged);
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

  heartbeat(beat: WorkerBeat): Promise<HeartbeatResult> {
    return this.storage.heartbeat(beat);
  }

  release(worker: string): Promise<void> {
    return this.storage.release(worker);
  }

  workers(): Promise<readonly WorkerInfo[]> {
    return this.storage.workers();
  }

  request(request: OperatorRequest): Promise<RequestResult> {
    return this.storage.request(request);
  }

  find(query: SagaQuery): Promise<Page<SagaSummary>> {
    return this.storage.find(query);
  }

  prune(query: PruneQuery): Promise<number> {
    return this.storage.prune(query);
  }

  private async around<T>({ id, entries }: Pick<NewSaga, 'id' | 'entries'>, write: () => Promise<T>): Promise<T> {
    this.points.reach({ sagaId: id, name: `before write ${namesOf(entries)}` });
    const result = await write();
    this.points.reach({ sagaId: id, name: `after write ${namesOf(entries)}` });
    return result;
  }
}

function namesOf(entries: readonly EntryDraft[]): string {
  return entries
    .map((entry) => (entry.step === undefined ? entry.event : `${entry.step} ${entry.phase} ${entry.event}`))
    .join(' + ');
}
