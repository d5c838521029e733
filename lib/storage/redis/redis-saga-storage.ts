import { GroupCommit } from '../group-commit.js';
import { HarmlessLogger } from '../harmless-logger.js';
import type { HintListener, HintTopic, StopListening } from '../hint-topic.js';
import type { LogEntry } from '../log-entry.js';
import type { OperatorRequest } from '../operator-request.js';
import type { LoadedSaga, SagaSummary } from '../saga-record.js';
import type { CreateResult, NewSaga, RequestResult, SagaTransition, TransitionResult } from '../saga-changes.js';
import type { ClaimQuery, HistoryOptions, Page, PruneQuery, SagaQuery } from '../saga-queries.js';
import { SagaStorage } from '../saga-storage.js';
import { PlanTexts } from '../rows/plan-texts.js';
import { ToldWrites } from '../told-writes.js';
import type { HeartbeatResult, WorkerBeat, WorkerInfo } from '../worker-beat.js';
import { appendTransition, toTransitionResult } from './append-transition.js';
import { checkServer } from './check-server.js';
import { claimSagas } from './claim-sagas.js';
import { createSaga, toCreateResult } from './create-saga.js';
import { toOpeningError } from './driver-error.js';
import { findSagas } from './find-sagas.js';
import { ListeningConnection } from './listening-connection.js';
import { loadHistory, loadSaga } from './load-saga.js';
import { migrate } from './migrations.js';
import { pruneSagas } from './prune-sagas.js';
import { RedisConnection, resultOf, type Answer } from './redis-connection.js';
import { checkOptions, type RedisStorageOptions } from './redis-storage-options.js';
import { LONGEST_TEXT, checkSize, type SagaWrite } from './saga-write.js';
import { storeRequest } from './store-request.js';
import { aliveWorkers, beatWorker, releaseWorker } from './worker-leases.js';
import { writeBatch } from './write-batch.js';
import { WriteHints } from './write-hints.js';

/** While the server works through one batch, the next one is on its way. */
const BATCHES_UNDER_WAY = 2;

/**
 * Sagas in Redis (6.2 or later), shared by any number of processes. How durable they are is the server's `appendfsync`.
 *
 * ```ts
 * import { Redis } from 'ioredis';
 *
 * SagaModule.forRoot({ storage: new RedisSagaStorage({ client: new Redis() }) });
 * ```
 *
 * Each write is one script, which the server runs as a whole; those that meet in one process share a round trip. Every method throws
 * `StorageUnavailableError` when the server cannot be reached, does not answer in time, or fails.
 */
export class RedisSagaStorage extends SagaStorage {
  private readonly logger = new HarmlessLogger(RedisSagaStorage.name);
  private readonly plans = new PlanTexts();
  private readonly connection: RedisConnection;
  private readonly commits: GroupCommit<SagaWrite, Answer>;
  private readonly hints: WriteHints;
  private readonly told: ToldWrites;
  private readonly listening: ListeningConnection;
  private longestText = LONGEST_TEXT;

  /** @throws SagaConfigurationError */
  constructor(options: RedisStorageOptions) {
    super();
    this.connection = new RedisConnection(checkOptions(options));
    this.commits = new GroupCommit({
      key: ({ sagaId }) => sagaId,
      commit: (batch) => writeBatch(this.connection, batch),
      // Each write of a batch has an answer of its own.
      isRefusal: () => false,
      concurrency: BATCHES_UNDER_WAY,
    });
    const hints = new WriteHints(this.connection);
    this.hints = hints;
    this.told = new ToldWrites((topic, sagaIds) => hints.send(topic, sagaIds));
    this.listening = new ListeningConnection(this.connection, hints.sender);
  }

  /**
   * Looks at the server, and warns of what does not last there.
   *
   * @throws SagaConfigurationError when the server or the user will not do.
   * @throws StorageVersionError when a newer release made the keys.
   */
  async open(): Promise<void> {
    this.connection.open();
    try {
      const { longestText, isCluster, warnings } = await checkServer(this.connection);
      await migrate(this.connection);
      this.longestText = longestText;
      this.hints.countsListeners = !isCluster;
      this.listening.reopen();
      for (const warning of warnings) this.logger.warn(warning);
    } catch (error) {
      this.connection.close();
      throw toOpeningError(error);
    }
  }

  /** Waits for what is queued. The client stays open. */
  async close(): Promise<void> {
    await this.commits.drain();
    await this.told.drain();
    this.listening.close();
    this.connection.close();
  }

  async create(saga: NewSaga): Promise<CreateResult> {
    const result = toCreateResult(await this.submit(createSaga(saga, this.plans)));
    if (result.outcome === 'created') {
      this.told.written([saga.id]);
      if (saga.status === 'PENDING') this.told.pending([saga.id]);
    }
    return result;
  }

  async transition(transition: SagaTransition): Promise<TransitionResult> {
    const { id } = transition;
    const result = toTransitionResult(await this.submit(appendTransition(transition)));
    if (result.outcome === 'written') this.told.written([id]);
    return result;
  }

  load(id: string): Promise<LoadedSaga | undefined> {
    return loadSaga(this.connection, id);
  }

  history(id: string, { after = 0 }: HistoryOptions = {}): Promise<readonly LogEntry[]> {
    return loadHistory(this.connection, id, after);
  }

  async claim(query: ClaimQuery): Promise<readonly LoadedSaga[]> {
    return this.told.claimed(await claimSagas(this.connection, query));
  }

  heartbeat(beat: WorkerBeat): Promise<HeartbeatResult> {
    return beatWorker(this.connection, beat);
  }

  async release(worker: string): Promise<void> {
    await releaseWorker(this.connection, worker);
    this.told.released();
  }

  workers(): Promise<readonly WorkerInfo[]> {
    return aliveWorkers(this.connection);
  }

  async request(request: OperatorRequest): Promise<RequestResult> {
    return this.told.requested(request, await storeRequest(this.connection, request));
  }

  find(query: SagaQuery): Promise<Page<SagaSummary>> {
    return findSagas(this.connection, query);
  }

  prune(query: PruneQuery): Promise<number> {
    return pruneSagas(this.connection, query);
  }

  override listen(topic: HintTopic, onHint: HintListener): Promise<StopListening | undefined> {
    return this.listening.listen(topic, onHint);
  }

  private async submit(write: SagaWrite): Promise<unknown> {
    checkSize(write, this.longestText);
    return resultOf(await this.commits.submit(() => write));
  }
}
