import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { closedError } from '../closed-error.js';
import type { Sql } from '../sql/saga-tables.js';
import { shareWork } from '../sql/shared-work.js';
import { isCollision, isPreparationFailure, toSagaError } from './driver-error.js';
import type { RunStatement, StatementClient, TransactionBeginning } from './pool-client.js';
import type { PostgresStatement, PostgresValue } from './postgres-client.js';
import type { PostgresTables } from './postgres-tables.js';

/** How often a statement or transaction is tried that collides with others. */
const ATTEMPTS = 5;
/** Milliseconds between two tries, at most; random, so that those who collided do not meet again. */
const RETRY_PAUSE = 20;

/** A transaction of ours waits no longer for a lock, and keeps its own no longer when its process has stopped in the middle. */
const LOCK_TIMEOUT = '5s';
const IDLE_TIMEOUT = '10s';
/**
 * And the server plans no statement of theirs by estimates that are wrong for a queue. It translates none into machine code, which takes it longer
 * than to run it; and it reads an index in its order, up to what is asked for, instead of gathering all that matches and sorting that, or reading a
 * table that is small. So there is one plan, which it may as well keep: making it takes as long as claiming twenty sagas.
 */
export const SET_UP: Sql = () => `
  SELECT set_config('lock_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true),
    set_config('jit', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true),
    set_config('plan_cache_mode', 'force_generic_plan', true)`;

/** Where statements run: on their own, or in a transaction. */
export interface PostgresSession {
  /** All rows. `Row` is what the statement selects: this is the edge where rows get their type. */
  all<Row>(sql: Sql, ...values: PostgresValue[]): Promise<readonly Row[]>;
  /** All rows of a statement that was put together for this one call. */
  allOnce<Row>(text: string, ...values: PostgresValue[]): Promise<readonly Row[]>;
}

/** How a transaction of the storage's own waits. */
export interface TransactionOptions {
  /** For a lock, as PostgreSQL writes times. */
  readonly lockTimeout?: string;
  /** Whether it is rare: its statements may take longer than others before their connection counts as lost, and none is prepared. */
  readonly mayTakeLong?: boolean;
}

interface SessionOptions {
  /** Milliseconds. */
  readonly answerTimeout?: number;
  /** Whether statements that run again and again are prepared, where the client can. */
  readonly prepares?: boolean;
}

/** The client with what every use of it needs: errors in the port's terms, another try after a collision. */
export class PostgresConnection implements PostgresSession {
  private readonly texts = new Map<Sql, string>();
  private readonly names = new Map<string, string>();
  private prepares: boolean;
  private isOpen = false;

  constructor(
    private readonly client: StatementClient,
    readonly tables: PostgresTables,
    /** Milliseconds. */
    private readonly answerTimeout: number,
  ) {
    this.prepares = client.prepares;
  }

  open(): void {
    if (this.isOpen) return;
    this.client.open?.();
    this.client.losses?.ignore();
    this.isOpen = true;
  }

  /** The client stays open. */
  close(): void {
    if (this.isOpen) this.client.losses?.leave();
    this.isOpen = false;
  }

  all<Row>(sql: Sql, ...values: PostgresValue[]): Promise<readonly Row[]> {
    return this.retry(() => this.session(this.client.run).all<Row>(sql, ...values));
  }

  allOnce<Row>(text: string, ...values: PostgresValue[]): Promise<readonly Row[]> {
    return this.retry(() => this.session(this.client.run).allOnce<Row>(text, ...values));
  }

  /**
   * All rows of a statement that runs again and again, prepared where the client can. Only for statements whose plan cannot go wrong:
   * the server may keep the one that it made when the tables were empty.
   */
  allPrepared<Row>(text: string, ...values: PostgresValue[]): Promise<readonly Row[]> {
    return this.retry(async () => {
      const statement = this.prepared({ text, values });
      return (await this.client.run(statement, this.answerTimeout)).rows as readonly Row[];
    });
  }

  /** Runs `work` in one transaction: all of it happens, durably, or nothing. It may run more than once. */
  transaction<T>(
    work: (session: PostgresSession) => Promise<T>,
    { lockTimeout = LOCK_TIMEOUT, mayTakeLong = false }: TransactionOptions = {},
  ): Promise<T> {
    const answerTimeout = mayTakeLong ? Infinity : this.answerTimeout;
    return this.retry(() =>
      this.client.transaction(
        async (run) => {
          const session = this.session(run, { answerTimeout, prepares: !mayTakeLong });
          await session.all(SET_UP, lockTimeout, IDLE_TIMEOUT);
          return work(session);
        },
        { answerTimeout },
      ),
    );
  }

  /**
   * Runs `work` in one transaction that somebody else writes in as well; it may run more than once. What `work` rejects with is passed on as
   * it is, whatever the server says of the rollback; anything else in the port's terms.
   */
  share<T>(
    work: (session: PostgresSession, handle: unknown) => Promise<T>,
    beginning: TransactionBeginning,
  ): Promise<T> {
    return shareWork<RunStatement, T>((run, handle) => work(this.session(run), handle), {
      transaction: (shared) => this.client.transaction(shared, { ...beginning, answerTimeout: this.answerTimeout }),
      assertOpen: () => this.assertOpen(),
      isLost: isCollision,
      toSagaError,
    });
  }

  /** What runs in a transaction of the application's; `undefined` if `handle` is none. */
  within(handle: unknown): PostgresSession | undefined {
    const run = this.client.within(handle);
    return run && this.session(run);
  }

  get handleName(): string {
    return this.client.handleName;
  }

  private session(
    run: RunStatement,
    { answerTimeout = this.answerTimeout, prepares = false }: SessionOptions = {},
  ): PostgresSession {
    const rows = async <Row>(statement: PostgresStatement) =>
      (await run(statement, answerTimeout)).rows as readonly Row[];
    return {
      all: (sql, ...values) => {
        const statement = { text: this.text(sql), values };
        return rows(prepares ? this.prepared(statement) : statement);
      },
      allOnce: (text, ...values) => rows({ text, values }),
    };
  }

  private prepared(statement: PostgresStatement): PostgresStatement {
    return this.prepares ? { ...statement, name: this.nameOf(statement.text) } : statement;
  }

  private async retry<T>(attempt: () => Promise<T>): Promise<T> {
    for (let left = ATTEMPTS - 1; ; left--) {
      this.assertOpen();
      const { prepares } = this;
      try {
        return await attempt();
      } catch (error) {
        if (prepares && isPreparationFailure(error)) this.prepares = false;
        else if (!isCollision(error) || left <= 0) throw toSagaError(error);
        else await delay(Math.random() * RETRY_PAUSE);
      }
    }
  }

  /** The same text has the same name in every storage of the process, since they may share connections. */
  private nameOf(text: string): string {
    let name = this.names.get(text);
    if (name === undefined) {
      name = `nest-saga ${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
      this.names.set(text, name);
    }
    return name;
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
