import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import { GroupCommit } from '../group-commit.js';
import type { LogEntry } from '../log-entry.js';
import type { OperatorRequest } from '../operator-request.js';
import type { LoadedSaga, SagaSummary } from '../saga-record.js';
import type { CreateResult, NewSaga, RequestResult, SagaTransition, TransitionResult } from '../saga-changes.js';
import type { ClaimQuery, HistoryOptions, Page, PruneQuery, SagaQuery } from '../saga-queries.js';
import { SagaStorage } from '../saga-storage.js';
import { PlanTexts } from '../rows/plan-texts.js';
import type { HeartbeatResult, WorkerBeat, WorkerInfo } from '../worker-beat.js';
import { sagaTables } from '../sql/saga-tables.js';
import { appendTransition } from './append-transition.js';
import { claimSagas } from './claim-sagas.js';
import { createSaga } from './create-saga.js';
import { DatabaseClock } from './database-clock.js';
import { findSagas } from './find-sagas.js';
import { loadHistory, loadSaga } from './load-saga.js';
import { writeAlone } from './lone-write.js';
import { checkMigrated, migrate, migrationsFor, type SqliteMigration } from './migrations.js';
import { pruneSagas } from './prune-sagas.js';
import { writeBatch, type SagaWrite } from './saga-write.js';
import { SqliteConnection } from './sqlite-connection.js';
import { checkOptions, type SqliteStorageOptions } from './sqlite-storage-options.js';
import { storeRequest } from './store-request.js';
import { aliveWorkers, beatWorker, releaseWorker } from './worker-leases.js';

/**
 * Sagas in a SQLite database, for everything that runs on one machine. Several processes may use one file.
 *
 * ```ts
 * import Database from 'libsql';
 *
 * SagaModule.forRoot({ storage: new SqliteSagaStorage({ client: new Database('sagas.db') }) });
 * ```
 *
 * Transitions that meet in one process share a commit. Writes wait for other processes' locks without holding up the event
 * loop for long; every method throws `StorageUnavailableError` when the database stays locked, is full or fails.
 */
export class SqliteSagaStorage extends SagaStorage {
  private readonly options: Required<SqliteStorageOptions>;
  private readonly plans = new PlanTexts();
  private readonly connection: SqliteConnection;
  private readonly clock: DatabaseClock;
  private readonly commits: GroupCommit<SagaWrite<unknown>, unknown>;

  /** @throws SagaConfigurationError */
  constructor(options: SqliteStorageOptions) {
    super();
    this.options = checkOptions(options);
    const { client, tablePrefix, busyTimeout } = this.options;
    this.connection = new SqliteConnection(client, sagaTables(tablePrefix), busyTimeout);
    this.clock = new DatabaseClock(this.connection);
    this.commits = new GroupCommit({
      key: ({ row }) => row.sagaId,
      commitAlone: (write) => this.connection.tryAlone(() => writeAlone(this.connection, this.clock, write)),
      commit: (batch) => this.connection.write(() => writeBatch(this.connection, batch)),
      isRefusal: (error) => error instanceof StorageRejectedError,
    });
  }

  /** The migrations that `open()` runs, for an application that runs them with its own. */
  migrations(): readonly SqliteMigration[] {
    return migrationsFor(this.connection.tables);
  }

  /**
   * @throws StorageVersionError when a newer release made the tables.
   * @throws StorageNotMigratedError with `migrate: false`, when migrations are missing.
   */
  async open(): Promise<void> {
    await this.connection.open(this.options.synchronous);
    await (this.options.migrate ? migrate(this.connection) : checkMigrated(this.connection));
  }

  /** Waits for what is queued, at most for the busy timeout. The client stays open. */
  async close(): Promise<void> {
    await this.commits.drain();
    this.connection.close();
  }

  create(saga: NewSaga): Promise<CreateResult> {
    return this.commits.submit(() => createSaga(saga, this.plans));
  }

  transition(transition: SagaTransition): Promise<TransitionResult> {
    return this.commits.submit(() => appendTransition(transition));
  }

  load(id: string): Promise<LoadedSaga | undefined> {
    return this.connection.read(() => loadSaga(this.connection, id));
  }

  history(id: string, { after = 0 }: HistoryOptions = {}): Promise<readonly LogEntry[]> {
    return this.connection.read(() => loadHistory(this.connection, id, after));
  }

  claim(query: ClaimQuery): Promise<readonly LoadedSaga[]> {
    return claimSagas(this.connection, query);
  }

  heartbeat(beat: WorkerBeat): Promise<HeartbeatResult> {
    return this.connection.write(() => beatWorker(this.connection, beat));
  }

  release(worker: string): Promise<void> {
    return this.connection.write(() => releaseWorker(this.connection, worker));
  }

  workers(): Promise<readonly WorkerInfo[]> {
    return this.connection.read(() => aliveWorkers(this.connection));
  }

  request(request: OperatorRequest): Promise<RequestResult> {
    return this.connection.write(() => storeRequest(this.connection, request));
  }

  find(query: SagaQuery): Promise<Page<SagaSummary>> {
    return this.connection.read(() => findSagas(this.connection, query));
  }

  prune(query: PruneQuery): Promise<number> {
    return this.connection.write(() => pruneSagas(this.connection, query));
  }
}
