import { setTimeout as delay } from 'node:timers/promises';
import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import { closedError } from '../closed-error.js';
import type { SagaTables, Sql } from '../sql/saga-tables.js';
import { isBusy, toSagaError } from './driver-error.js';
import type { SqliteClient, SqliteStatement, SqliteValue } from './sqlite-client.js';

/** Milliseconds that a driver may wait for a lock. It is synchronous, so the whole process waits with it. */
const DRIVER_BUSY_TIMEOUT = 50;

/** Milliseconds between two tries, at most; half of it is random, so that waiting processes do not march in step. */
const RETRY_PAUSE = 40;

/**
 * After so many pages (16 MiB) the write-ahead log is brought into the file. SQLite's own 1,000 are good for few and large transactions:
 * many small ones write the same pages again and again, and pay for each time that they are copied.
 */
const CHECKPOINT_PAGES = 4_000;

const COMMIT: Sql = () => 'COMMIT';
const ROLLBACK: Sql = () => 'ROLLBACK';

/** The client with what every use of it needs: cached statements, checked values, transactions that wait for their turn. */
export class SqliteConnection {
  private readonly statements = new Map<Sql, SqliteStatement>();
  /** Statements that have met a lock on their own, with the number of their values: see {@link runAlone}. */
  private readonly halfRun = new Map<Sql, number>();
  /** Whether the driver takes all values in one array, which spares libsql a copy that costs more than binding them. */
  private takesArray = false;
  /** Aborted while the storage is not open: it ends every wait for a lock. */
  private closing = new AbortController();

  constructor(
    readonly client: SqliteClient,
    readonly tables: SagaTables,
    /** Milliseconds that a transaction waits for a lock before it gives up. */
    private readonly busyTimeout: number,
  ) {
    this.closing.abort();
  }

  /**
   * Sets the database up. The busy timeout comes first, because some drivers begin with none; the switch to the
   * write-ahead log needs the file for itself, so of several processes that open a new file at once all but one wait.
   */
  async open(synchronous: string): Promise<void> {
    this.closing = new AbortController();
    this.takesArray = takesArray(this.client);
    this.client.exec(`PRAGMA busy_timeout = ${Math.min(DRIVER_BUSY_TIMEOUT, Math.floor(this.busyTimeout))}`);
    await this.retryWhileBusy(() => {
      this.client.exec('PRAGMA journal_mode = WAL');
      this.client.exec(`PRAGMA synchronous = ${synchronous}`);
      this.client.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    });
  }

  /** Runs a statement and returns how many rows it changed. */
  run(sql: Sql, ...values: SqliteValue[]): number {
    return Number(this.statement(sql).run(...this.checked(values)).changes);
  }

  /**
   * Runs a statement outside of any transaction: it commits on its own.
   *
   * One that meets a lock is left half-run by libsql. Until it has run again every `COMMIT` of this connection would fail for it, and what it has
   * seen of the database stays what the connection sees: once others have written, it gets no write lock any more. So whoever comes next
   * runs it through first; with nothing but nulls, for which such a statement has to do nothing.
   */
  runAlone(sql: Sql, values: SqliteValue[]): void {
    try {
      this.statement(sql).run(...this.checked(values));
      this.halfRun.delete(sql);
    } catch (error) {
      if (isBusy(error)) this.halfRun.set(sql, values.length);
      else this.halfRun.delete(sql);
      throw error;
    }
  }

  /** The first row. `Row` is what the statement selects: this is the edge where rows get their type. */
  first<Row>(sql: Sql, ...values: SqliteValue[]): Row | undefined {
    return this.statement(sql).get(...this.checked(values)) as Row | undefined;
  }

  /** All rows. */
  all<Row>(sql: Sql, ...values: SqliteValue[]): readonly Row[] {
    return this.statement(sql).all(...this.checked(values)) as readonly Row[];
  }

  /** All rows of a statement that was put together for this one call, and is not kept. */
  allOnce<Row>(sql: string, ...values: SqliteValue[]): readonly Row[] {
    return this.client.prepare(sql).all(...this.checked(values)) as readonly Row[];
  }

  /** Runs `work` on one snapshot of the database. It has nothing to commit, and rolling back needs nobody's leave. */
  read<T>(work: () => T): Promise<T> {
    return this.retryWhileBusy(() => {
      // While somebody holds the write lock, the snapshot is one of when they got it, at the oldest.
      this.tryAlone(() => this.runThrough());
      return this.transaction({ begin: 'BEGIN', end: ROLLBACK }, work);
    });
  }

  /** Runs `work` with the write lock held from the beginning: all of it happens, durably, or nothing. */
  write<T>(work: () => T): Promise<T> {
    return this.retryWhileBusy(() => {
      this.runThrough();
      return this.transaction({ begin: 'BEGIN IMMEDIATE', end: COMMIT }, work);
    });
  }

  /** Tries once, for whoever has another way. `undefined` also while somebody else holds the lock; nothing has happened then. */
  tryAlone<T>(attempt: () => T): T | undefined {
    if (this.closing.signal.aborted) throw closedError();
    try {
      return attempt();
    } catch (error) {
      if (isBusy(error)) return undefined;
      throw toSagaError(error);
    }
  }

  /**
   * Tries until the lock is free, in short synchronous tries with asynchronous pauses between them.
   *
   * @throws StorageUnavailableError when it is not free within the busy timeout, or the storage closes meanwhile.
   */
  private async retryWhileBusy<T>(attempt: () => T): Promise<T> {
    const deadline = performance.now() + this.busyTimeout;
    for (;;) {
      if (this.closing.signal.aborted) throw closedError();
      try {
        return attempt();
      } catch (error) {
        const left = deadline - performance.now();
        if (!isBusy(error) || left <= 0) throw toSagaError(error);
        await this.pause(Math.min(left, RETRY_PAUSE * (0.5 + Math.random() / 2)));
      }
    }
  }

  /** Ends every wait for a lock. The client stays open. */
  close(): void {
    this.closing.abort();
    this.statements.clear();
    this.halfRun.clear();
  }

  private async pause(ms: number): Promise<void> {
    try {
      await delay(ms, undefined, { signal: this.closing.signal });
    } catch {
      throw closedError();
    }
  }

  /** `BEGIN` is not kept prepared: after a busy database, libsql leaves it half-run, and the next `COMMIT` would fail for it. */
  private transaction<T>({ begin, end }: { readonly begin: string; readonly end: Sql }, work: () => T): T {
    this.client.exec(begin);
    try {
      const result = work();
      this.run(end);
      return result;
    } catch (error) {
      this.rollBack();
      throw error;
    }
  }

  private runThrough(): void {
    for (const [sql, values] of this.halfRun) {
      this.run(sql, ...Array<null>(values).fill(null));
      this.halfRun.delete(sql);
    }
  }

  private rollBack(): void {
    try {
      this.client.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back on its own, as it does when the disk is full.
    }
  }

  /** The values as the driver is to get them. */
  private checked(values: SqliteValue[]): SqliteValue[] {
    checkValues(values);
    return this.takesArray && values.length > 0 ? [values as unknown as SqliteValue] : values;
  }

  private statement(sql: Sql): SqliteStatement {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.client.prepare(sql(this.tables));
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

/** better-sqlite3 and libsql do; node:sqlite does not. Their types say nothing of it. */
function takesArray(client: SqliteClient): boolean {
  try {
    const statement = client.prepare('SELECT ? AS value');
    const row = statement.get(['taken'] as unknown as SqliteValue) as { readonly value: unknown } | undefined;
    return row?.value === 'taken';
  } catch {
    return false;
  }
}

/** Types promise nothing about values that came from outside, and a driver may end the process on the wrong one. */
function checkValues(values: readonly unknown[]): void {
  for (const value of values) {
    if (typeof value === 'string' || value === null || Number.isFinite(value) || value instanceof Uint8Array) continue;
    throw new StorageRejectedError(
      `SQLite cannot store ${typeof value === 'number' ? String(value) : `a value of type ${typeof value}`}: ` +
        'only strings, finite numbers, null and bytes. Nothing was written.',
    );
  }
}
