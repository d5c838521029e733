import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import { StorageUnavailableError } from '../../errors/storage-unavailable-error.js';
import { GroupCommit } from '../group-commit.js';
import type { HintListener, HintTopic, StopListening } from '../hint-topic.js';
import type { LogEntry } from '../log-entry.js';
import type { OperatorRequest } from '../operator-request.js';
import type { LoadedSaga, SagaSummary } from '../saga-record.js';
import type {
  CreateResult,
  CreateWithinResult,
  NewSaga,
  RequestResult,
  SagaTransition,
  TransitionResult,
} from '../saga-changes.js';
import type { ClaimQuery, HistoryOptions, Page, PruneQuery, SagaQuery } from '../saga-queries.js';
import {
  SagaStorage,
  type StorageCapabilities,
  type StorageTransaction,
  type TransactionOptions,
} from '../saga-storage.js';
import { PlanTexts } from '../rows/plan-texts.js';
import type { HeartbeatResult, WorkerBeat, WorkerInfo } from '../worker-beat.js';
import { ToldWrites } from '../told-writes.js';
import { connectionBudget } from '../sql/connection-budget.js';
import { longestThought } from '../sql/longest-thought.js';
import { Turnstile } from '../sql/turnstile.js';
import { checkRights } from './check-rights.js';
import { checkServer } from './check-server.js';
import { checkedWrite } from './checked-write.js';
import { claimSagas } from './claim-sagas.js';
import { CLIENTS } from './clients/accepted-clients.js';
import type { PostgresHandle, PostgresStorageClient } from './clients/postgres-storage-client.js';
import { toOpeningError } from './driver-error.js';
import { findSagas } from './find-sagas.js';
import { UnsendableListError } from './json-list-text.js';
import { ListeningConnection } from './listening-connection.js';
import { loadHistory, loadSaga } from './load-saga.js';
import { checkMigrated, migrate, migrationsFor, type PostgresMigration } from './migrations.js';
import { listenerLender } from './pool-client.js';
import { PostgresConnection } from './postgres-connection.js';
import { checkOptions, type CheckedOptions, type PostgresStorageOptions } from './postgres-storage-options.js';
import { postgresTables } from './postgres-tables.js';
import { pruneSagas } from './prune-sagas.js';
import { OVERTAKEN, explainRefusals } from './refused-writes.js';
import { isCreation, type SagaWrite } from './saga-write.js';
import { MARK, appendWithin, createWithin, noTransaction, rejectionOf } from './shared-transaction.js';
import { storeRequest } from './store-request.js';
import { aliveWorkers, beatWorker, releaseWorker } from './worker-leases.js';
import { writeBatch } from './write-batch.js';
import { WriteHints } from './write-hints.js';

/** While the server makes one batch durable, the next one is on its way. */
const BATCHES_UNDER_WAY = 2;

/** A thousand sagas at once fill two such batches; half as many writes made them a seventh slower, and twice as many no faster. */
const MOST_WRITES = 512;

/** PostgreSQL counts these in 32 bits. */
const LONGEST_TIMEOUT = 2_147_483_647;

/** How often a write is made again that was overtaken by what does not stand in its way. */
const ATTEMPTS = 10;

/**
 * Sagas in a PostgreSQL database (13 or later), shared by any number of processes.
 *
 * ```ts
 * import { Pool } from 'pg';
 *
 * SagaModule.forRoot({ storage: new PostgresSagaStorage({ client: new Pool() }) });
 * ```
 *
 * Transitions that meet in one process share a statement and its commit. Every method throws {@link StorageUnavailableError} when the
 * server cannot be reached or fails; sagas go on when it is back.
 */
export class PostgresSagaStorage<Client extends PostgresStorageClient = PostgresStorageClient> extends SagaStorage<
  PostgresHandle<Client>
> {
  override readonly capabilities: StorageCapabilities;
  private readonly options: CheckedOptions;
  private readonly plans = new PlanTexts();
  private readonly connection: PostgresConnection;
  private readonly commits: GroupCommit<SagaWrite, unknown>;
  /** How often a write was overtaken that is to be made again. */
  private readonly overtaken = new WeakMap<SagaWrite, number>();
  private readonly told: ToldWrites;
  private readonly listening: ListeningConnection;
  private readonly turnstile: Turnstile;

  /** @throws SagaConfigurationError */
  constructor(options: PostgresStorageOptions<Client>) {
    super();
    this.options = checkOptions(options);
    const { client, schema, tablePrefix, listener, answerTimeout } = this.options;
    const statements = CLIENTS.use(client);
    this.connection = new PostgresConnection(
      statements,
      postgresTables({ schema, prefix: tablePrefix }),
      answerTimeout,
    );
    const lender = listenerLender(statements, listener);
    const listens = listener === true && lender !== undefined;
    const poolSize = this.options.poolSize ?? statements.poolSize;
    if (listens && poolSize !== undefined && poolSize < 2) throw noneLeft();
    const budget = connectionBudget({
      batches: BATCHES_UNDER_WAY,
      listens,
      poolSize,
      storage: 'PostgresSagaStorage',
      sizeOption: '`max` of a Pool',
    });
    this.turnstile = new Turnstile(budget.transactionsAtOnce);
    this.capabilities = budget.capabilities;
    this.commits = new GroupCommit({
      key: ({ id }) => id,
      commit: (batch) => this.commit(batch),
      isRefusal: (error) => error instanceof StorageRejectedError || error instanceof UnsendableListError,
      fitting: (error) => (error instanceof UnsendableListError ? error.fitting : undefined),
      maxBatch: MOST_WRITES,
      concurrency: BATCHES_UNDER_WAY,
    });
    const hints = new WriteHints(this.connection);
    this.told = new ToldWrites(
      listener === false ? async () => 'unheard' : (topic, sagaIds) => hints.send(topic, sagaIds),
    );
    const { tables } = this.connection;
    this.listening = new ListeningConnection(lender, { tables, hints });
  }

  /** The migrations that `open()` runs, for an application that runs them with its own. */
  migrations(): readonly PostgresMigration[] {
    return migrationsFor(this.connection.tables);
  }

  /**
   * @throws SagaConfigurationError when the server, the user or the search path will not do.
   * @throws StorageVersionError when a newer release made the tables.
   * @throws StorageNotMigratedError with `migrate: false`, when migrations are missing.
   */
  async open(): Promise<void> {
    this.connection.open();
    try {
      await checkServer(this.connection);
      await (this.options.migrate ? migrate(this.connection) : checkMigrated(this.connection));
      await checkRights(this.connection);
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

  create(saga: NewSaga): Promise<CreateResult> {
    return this.commits.submit(() => checkedWrite(saga));
  }

  transition(transition: SagaTransition): Promise<TransitionResult> {
    return this.commits.submit(() => checkedWrite(transition));
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

  override async transaction<T>(
    work: (transaction: StorageTransaction<PostgresHandle<Client>>) => Promise<T>,
    { timeout }: TransactionOptions = {},
  ): Promise<T> {
    const mark = crypto.randomUUID();
    const beginning = {
      settings: {
        [MARK]: mark,
        idle_in_transaction_session_timeout: Math.min(longestThought(timeout), LONGEST_TIMEOUT),
      },
    };
    let written: string | undefined;
    const result = await this.turnstile.pass(() =>
      this.connection.share(async (session, handle) => {
        written = undefined;
        try {
          return await work({
            handle: handle as PostgresHandle<Client>,
            transition: async (transition) => {
              const appended = await appendWithin(session, this.connection, { transition, mark });
              if (appended.outcome === 'written') written = transition.id;
              return appended;
            },
          });
        } catch (error) {
          throw await rejectionOf(error, { session, mark });
        }
      }, beginning),
    );
    if (written !== undefined) this.told.written([written]);
    return result;
  }

  override async createWithin(handle: unknown, saga: NewSaga): Promise<CreateWithinResult> {
    const session = this.connection.within(handle);
    const { handleName } = this.connection;
    if (session === undefined) throw noTransaction(saga.id, handleName);
    return createWithin(session, this.connection, { saga, handleName, notifies: this.options.listener !== false });
  }

  private async commit(batch: readonly SagaWrite[]): Promise<readonly unknown[]> {
    const writtenAt = await writeBatch(this.connection, this.plans, batch);
    this.tellOf(batch.filter(({ id }) => writtenAt(id) !== undefined));
    const refused = batch.filter(({ id }) => writtenAt(id) === undefined);
    const refusals = refused.length === 0 ? undefined : await explainRefusals(this.connection, refused);
    return batch.map((write) => {
      const at = writtenAt(write.id);
      if (at !== undefined) return { outcome: isCreation(write) ? 'created' : 'written', at };
      const refusal = refusals?.get(write.id) ?? OVERTAKEN;
      return refusal === OVERTAKEN ? this.writeAgain(write) : refusal;
    });
  }

  private writeAgain(write: SagaWrite): Promise<unknown> {
    const attempts = (this.overtaken.get(write) ?? 0) + 1;
    this.overtaken.set(write, attempts);
    if (attempts < ATTEMPTS) return this.commits.submit(() => write);
    this.overtaken.delete(write);
    const { id: sagaId } = write;
    const message = `Others kept changing saga '${sagaId}' while it was to be written. Nothing was written.`;
    return Promise.reject(new StorageUnavailableError('locked', message, { sagaId }));
  }

  private tellOf(written: readonly SagaWrite[]): void {
    this.told.written(written.map(({ id }) => id));
    const pending = written.filter((write) => isCreation(write) && write.status === 'PENDING');
    this.told.pending(pending.map(({ id }) => id));
  }
}

function noneLeft(): SagaConfigurationError {
  return new SagaConfigurationError([
    'PostgresSagaStorage: its client makes one connection at most (`max` of a Pool), and listening to other replicas keeps one: ' +
      'allow it 2, or set `listener: false`.',
  ]);
}
