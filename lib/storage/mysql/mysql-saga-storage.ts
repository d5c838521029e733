import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import { GroupCommit } from '../group-commit.js';
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
import { connectionBudget } from '../sql/connection-budget.js';
import { longestThought } from '../sql/longest-thought.js';
import { Turnstile } from '../sql/turnstile.js';
import { appendTransition } from './append-transition.js';
import { checkRights } from './check-rights.js';
import { checkEngines, checkServer } from './check-server.js';
import { claimSagas } from './claim-sagas.js';
import { CLIENTS } from './clients/accepted-clients.js';
import type { MysqlHandle, MysqlStorageClient } from './clients/mysql-storage-client.js';
import { createSaga } from './create-saga.js';
import { toOpeningError } from './driver-error.js';
import { findSagas } from './find-sagas.js';
import { loadHistory, loadSaga } from './load-saga.js';
import { checkMigrated, migrate, migrationsFor, type MysqlMigration } from './migrations.js';
import { MysqlConnection } from './mysql-connection.js';
import { checkOptions, type CheckedOptions, type MysqlStorageOptions } from './mysql-storage-options.js';
import { mysqlTables } from './mysql-tables.js';
import { checkPacket } from './packets.js';
import { pruneSagas } from './prune-sagas.js';
import type { SagaWrite } from './saga-write.js';
import {
  appendWithin,
  createWithin,
  markTransaction,
  newMark,
  noTransaction,
  rejectionOf,
} from './shared-transaction.js';
import { storeRequest } from './store-request.js';
import { aliveWorkers, beatWorker, releaseWorker } from './worker-leases.js';
import { writeBatch, type WriteResult } from './write-batch.js';

/** While the server makes one batch durable, the next one is on its way. */
const BATCHES_UNDER_WAY = 2;

/**
 * Sagas in a database of MySQL (8.0 or later) or MariaDB (10.6 or later), shared by any number of processes.
 *
 * ```ts
 * import { createPool } from 'mysql2/promise';
 *
 * SagaModule.forRoot({ storage: new MysqlSagaStorage({ client: createPool('mysql://localhost/shop') }) });
 * ```
 *
 * Transitions that meet in one process share a transaction. Every method throws `StorageUnavailableError` when the server
 * cannot be reached or fails; sagas go on when it is back.
 */
export class MysqlSagaStorage<Client extends MysqlStorageClient = MysqlStorageClient> extends SagaStorage<
  MysqlHandle<Client>
> {
  override readonly capabilities: StorageCapabilities;
  private readonly options: CheckedOptions;
  private readonly plans = new PlanTexts();
  private readonly connection: MysqlConnection;
  private readonly commits: GroupCommit<SagaWrite, WriteResult>;
  private readonly turnstile: Turnstile;

  /** @throws SagaConfigurationError */
  constructor(options: MysqlStorageOptions<Client>) {
    super();
    this.options = checkOptions(options);
    const { client, database, tablePrefix, answerTimeout } = this.options;
    const statements = CLIENTS.use(client);
    this.connection = new MysqlConnection(statements, mysqlTables({ database, prefix: tablePrefix }), answerTimeout);
    const budget = connectionBudget({
      batches: BATCHES_UNDER_WAY,
      listens: false,
      poolSize: this.options.poolSize ?? statements.poolSize,
      storage: 'MysqlSagaStorage',
      sizeOption: '`connectionLimit` of a pool',
    });
    this.turnstile = new Turnstile(budget.transactionsAtOnce);
    this.capabilities = budget.capabilities;
    this.commits = new GroupCommit({
      key: ({ row }) => row.sagaId,
      commit: (batch) => writeBatch(this.connection, batch),
      isRefusal: (error) => error instanceof StorageRejectedError,
      concurrency: BATCHES_UNDER_WAY,
    });
  }

  /** The migrations that `open()` runs, for an application that runs them with its own. */
  migrations(): readonly MysqlMigration[] {
    return migrationsFor(this.connection.tables);
  }

  /**
   * @throws SagaConfigurationError when the server, the user or the client's settings will not do.
   * @throws StorageVersionError when a newer release made the tables.
   * @throws StorageNotMigratedError with `migrate: false`, when migrations are missing.
   */
  async open(): Promise<void> {
    this.connection.open();
    try {
      await checkServer(this.connection);
      await (this.options.migrate ? migrate(this.connection) : checkMigrated(this.connection));
      await checkEngines(this.connection);
      await checkRights(this.connection);
    } catch (error) {
      this.connection.close();
      throw toOpeningError(error);
    }
  }

  /** Waits for what is queued. The client stays open. */
  async close(): Promise<void> {
    await this.commits.drain();
    this.connection.close();
  }

  create(saga: NewSaga): Promise<CreateResult> {
    return this.commits.submit(() => this.checked(createSaga(saga, this.plans)));
  }

  transition(transition: SagaTransition): Promise<TransitionResult> {
    return this.commits.submit(() => this.checked(appendTransition(transition)));
  }

  load(id: string): Promise<LoadedSaga | undefined> {
    return loadSaga(this.connection, { tables: this.connection.tables, id });
  }

  history(id: string, { after = 0 }: HistoryOptions = {}): Promise<readonly LogEntry[]> {
    return loadHistory(this.connection, id, after);
  }

  claim(query: ClaimQuery): Promise<readonly LoadedSaga[]> {
    return claimSagas(this.connection, query);
  }

  heartbeat(beat: WorkerBeat): Promise<HeartbeatResult> {
    return beatWorker(this.connection, beat);
  }

  release(worker: string): Promise<void> {
    return releaseWorker(this.connection, worker);
  }

  workers(): Promise<readonly WorkerInfo[]> {
    return aliveWorkers(this.connection);
  }

  request(request: OperatorRequest): Promise<RequestResult> {
    return this.connection.transaction((session) => storeRequest(session, request));
  }

  find(query: SagaQuery): Promise<Page<SagaSummary>> {
    return findSagas(this.connection, query);
  }

  prune(query: PruneQuery): Promise<number> {
    return pruneSagas(this.connection, query);
  }

  override transaction<T>(
    work: (transaction: StorageTransaction<MysqlHandle<Client>>) => Promise<T>,
    { timeout }: TransactionOptions = {},
  ): Promise<T> {
    const mark = newMark();
    return this.turnstile.pass(() =>
      this.connection.share(
        async (session, handle) => {
          await markTransaction(session, mark);
          try {
            return await work({
              handle: handle as MysqlHandle<Client>,
              transition: (transition) => appendWithin(session, this.connection, { transition, mark }),
            });
          } catch (error) {
            throw await rejectionOf(error, { session, mark });
          }
        },
        { idleMs: longestThought(timeout) },
      ),
    );
  }

  override async createWithin(handle: unknown, saga: NewSaga): Promise<CreateWithinResult> {
    const session = this.connection.within(handle);
    const { handleName } = this.connection;
    if (session === undefined) throw noTransaction(saga.id, handleName);
    return createWithin(session, this.connection, { saga, handleName });
  }

  private checked(write: SagaWrite): SagaWrite {
    return checkPacket(write, this.connection.maxPacket);
  }
}
