import { setTimeout as delay } from 'node:timers/promises';
import { closedError } from '../closed-error.js';
import type { Sql } from '../sql/saga-tables.js';
import { shareWork } from '../sql/shared-work.js';
import type { Bindable, BoundStatement } from './bound-statement.js';
import { isCollision, isInTheWay, isTransactionLost, toSagaError } from './driver-error.js';
import type { MysqlResult } from './mysql-client.js';
import type { MysqlTables } from './mysql-tables.js';
import { parameter } from './parameter.js';
import type { RunStatement, StatementClient } from './pool-client.js';
import type { ServerVersion } from './server-version.js';
import { sessionLimits, underLimits, type Limits } from './session-limits.js';

/** How often a statement or transaction is tried that collides with others. */
const ATTEMPTS = 10;
/** Milliseconds between two tries, at most; random, so that those who collided do not meet again. */
const RETRY_PAUSE = 20;
/** Milliseconds after which nothing is tried again: who has waited as long as that for a lock will not get it the next time. */
const PATIENCE = 5000;

/** A transaction of ours keeps its locks no longer when its process has stopped in the middle, and waits no longer for others'. */
const LIMITS: Limits = { idle: 10_000, lock: PATIENCE };

/** Where statements run: on their own, or in a transaction. */
export interface MysqlSession {
  /** All rows. `Row` is what the statement selects: this is the edge where rows get their type. */
  all<Row>(sql: Sql, ...values: Bindable[]): Promise<readonly Row[]>;
  /** All rows of a statement that was put together for this one call. */
  allOnce<Row>(text: string, ...values: Bindable[]): Promise<readonly Row[]>;
}

/** How a transaction of the storage's own waits. */
export interface TransactionOptions {
  /** Whether its statements may take longer than others before their connection counts as lost. */
  readonly mayTakeLong?: boolean;
}

/** The client with what every use of it needs: values that no setting changes, errors in the port's terms, another try after a collision. */
export class MysqlConnection implements MysqlSession {
  /** The bytes that one statement may have; told by the server when the storage opens. */
  maxPacket = Infinity;
  /** Whether {@link tryBlock} can be used; found out when the storage opens. */
  takesBlocks = false;
  /** Told when the storage opens. */
  server: ServerVersion | undefined;
  private readonly texts = new Map<Sql, string>();
  private isOpen = false;

  constructor(
    private readonly client: StatementClient,
    readonly tables: MysqlTables,
    /** Milliseconds. */
    private readonly answerTimeout: number,
  ) {}

  open(): void {
    this.client.open?.();
    this.isOpen = true;
  }

  /** The client stays open. */
  close(): void {
    this.isOpen = false;
  }

  all<Row>(sql: Sql, ...values: Bindable[]): Promise<readonly Row[]> {
    return this.retry(() => this.session(this.client.run).all<Row>(sql, ...values));
  }

  allOnce<Row>(text: string, ...values: Bindable[]): Promise<readonly Row[]> {
    return this.retry(() => this.session(this.client.run).allOnce<Row>(text, ...values));
  }

  /** As {@link all}, without another try, and with the error as the driver gives it. */
  async allAtOnce<Row>(sql: Sql, ...values: Bindable[]): Promise<readonly Row[]> {
    this.assertOpen();
    return this.session(this.client.run).all<Row>(sql, ...values);
  }

  /** Runs `work` in one transaction: all of it happens, durably, or nothing. It may run more than once. */
  transaction<T>(
    work: (session: MysqlSession) => Promise<T>,
    { mayTakeLong = false }: TransactionOptions = {},
  ): Promise<T> {
    const answerTimeout = mayTakeLong ? Infinity : this.answerTimeout;
    return this.retry(() =>
      this.begin((run) => work(this.session(run, answerTimeout)), { answerTimeout, limits: LIMITS }),
    );
  }

  /**
   * Runs several statements, each of which commits by itself, again from the beginning where they collide with others.
   */
  eachAlone<T>(work: (session: MysqlSession) => Promise<T>): Promise<T> {
    return this.retry(() => work(this.session(this.client.run)));
  }

  /**
   * Runs a block of statements that is a transaction by itself, and gives the rows that it selects; `undefined` if nothing has happened:
   * a key was there already, the block has refused to go on, or the client lends no connections.
   */
  tryBlock<Row>({ text, values }: BoundStatement): Promise<readonly Row[] | undefined> {
    const { block } = this.client;
    if (block === undefined) return Promise.resolve(undefined);
    return this.retry(async () => {
      try {
        return await this.session(block).allOnce<Row>(text, ...values);
      } catch (error) {
        if (isInTheWay(error)) return undefined;
        throw error;
      }
    });
  }

  /**
   * Runs `work` in one transaction that somebody else writes in as well; it may run more than once. What `work` rejects with is passed on as
   * it is, whatever the server says of the rollback; anything else in the port's terms.
   */
  share<T>(
    work: (session: MysqlSession, handle: unknown) => Promise<T>,
    { idleMs }: { readonly idleMs: number },
  ): Promise<T> {
    return shareWork<RunStatement, T>((run, handle) => work(this.session(run), handle), {
      transaction: (shared) => this.begin(shared, { answerTimeout: this.answerTimeout, limits: { idle: idleMs } }),
      assertOpen: () => this.assertOpen(),
      isLost: isTransactionLost,
      toSagaError,
    });
  }

  /** What runs in a transaction of the application's; `undefined` if `handle` is none. */
  within(handle: unknown): MysqlSession | undefined {
    const run = this.client.within(handle);
    return run && this.session(run);
  }

  get handleName(): string {
    return this.client.handleName;
  }

  private begin<T>(
    work: (run: RunStatement, handle: unknown) => Promise<T>,
    { answerTimeout, limits: wanted }: { readonly answerTimeout: number; readonly limits: Limits },
  ): Promise<T> {
    const limits = this.server && sessionLimits(this.server, wanted);
    if (limits === undefined || this.client.limitsSessions) {
      return this.client.transaction(work, { answerTimeout, limits });
    }
    return this.client.transaction((run, handle) => underLimits(run, limits, () => work(run, handle)));
  }

  private session(run: RunStatement, answerTimeout = this.answerTimeout): MysqlSession {
    const allOnce = async <Row>(text: string, ...values: Bindable[]) =>
      rowsOf<Row>(await run(text, values.map(parameter), answerTimeout));
    return { all: (sql, ...values) => allOnce(this.text(sql), ...values), allOnce };
  }

  private async retry<T>(attempt: () => Promise<T>): Promise<T> {
    const start = performance.now();
    for (let left = ATTEMPTS - 1; ; left--) {
      this.assertOpen();
      try {
        return await attempt();
      } catch (error) {
        const isOver = left <= 0 || performance.now() - start > PATIENCE;
        if (isOver || !isCollision(error)) throw toSagaError(error);
        await delay(Math.random() * RETRY_PAUSE);
      }
    }
  }

  private assertOpen(): void {
    if (!this.isOpen) throw closedError();
  }

  private text(sql: Sql): string {
    let text = this.texts.get(sql);
    if (text === undefined) {
      text = sql(this.tables);
      this.texts.set(sql, text);
    }
    return text;
  }
}

/** Names and texts come as bytes, whatever the connection's character set. */
function rowsOf<Row>({ rows }: MysqlResult): readonly Row[] {
  return (rows as readonly Readonly<Record<string, unknown>>[]).map(
    (row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? textOf(value) : value]),
      ) as Row,
  );
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString();
}
