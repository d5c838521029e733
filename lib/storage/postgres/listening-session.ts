import { answerWithin } from '../answer-within.js';
import type { HintTopic } from '../hint-topic.js';
import type { SagaTables, Sql } from '../sql/saga-tables.js';
import type { LentListener } from './pool-client.js';
import type { PostgresNotification } from './postgres-client.js';
import { HOLD_LISTENING, LET_LISTENING_GO, SELECT_CHANNELS, readPayload, type WriteHints } from './write-hints.js';

/** How often a connection is asked whether it is still there, in ms. */
const PING_INTERVAL = 10_000;

/** How long a statement may stay unanswered, in ms. */
const ANSWER_TIMEOUT = 5_000;

/** So long our own notification may take to come back, in ms. */
const ECHO_TIMEOUT = 3_000;

/** How often a lent connection looks whether its pool is being closed, in ms: a pool waits for what it has lent. */
const OWNER_INTERVAL = 100;

/** What a session needs of its storage. */
export interface ListeningParts {
  readonly tables: SagaTables;
  readonly hints: WriteHints;
  readonly onHint: (topic: HintTopic, sagaIds: readonly string[]) => void;
}

/** A connection on which notifications do not arrive, because a pooler stands in between that lends connections by transaction. */
export class DeafConnectionError extends Error {}

/** One connection that listens, from LISTEN until it is lost or given back. Always to `wanted`, to `written` when asked. */
export class ListeningSession {
  /** Resolves when the connection is lost, or its owner wants it back. */
  readonly ended: Promise<'lost' | 'wanted back'>;
  #end!: (why: 'lost' | 'wanted back') => void;
  #hearEcho: () => void = () => undefined;
  #channels: Readonly<Record<HintTopic, string>> = { written: '', wanted: '' };
  #hearsWritten = false;
  #closed = false;
  readonly #timers: NodeJS.Timeout[] = [];

  private constructor(
    private readonly lent: LentListener,
    private readonly parts: ListeningParts,
  ) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /**
   * Begins to listen on a connection that was just lent, and gives it back where that fails.
   *
   * @throws {DeafConnectionError}
   */
  static async begin(lent: LentListener, parts: ListeningParts): Promise<ListeningSession> {
    const session = new ListeningSession(lent, parts);
    try {
      await session.begin();
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** To be called one at a time. */
  async hearWritten(wanted: boolean): Promise<void> {
    if (this.#hearsWritten === wanted) return;
    if (wanted) {
      // In this order: once writers see that somebody listens, it does.
      await this.run(`LISTEN ${this.#channels.written}`);
      await this.run(this.text(HOLD_LISTENING));
    } else {
      await this.run(this.text(LET_LISTENING_GO));
      await this.run(`UNLISTEN ${this.#channels.written}`);
    }
    this.#hearsWritten = wanted;
  }

  /** The connection is ended rather than reused: nobody else is to get what it listens to. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    const { client } = this.lent;
    client.off?.('notification', this.onNotification);
    client.off?.('end', this.onLost);
    this.lent.giveBack();
    this.#end('lost');
  }

  private async begin(): Promise<void> {
    const { client } = this.lent;
    client.on?.('error', this.onLost);
    client.on?.('end', this.onLost);
    client.on?.('notification', this.onNotification);
    const { rows } = await this.run(this.text(SELECT_CHANNELS));
    this.#channels = rows[0] as Readonly<Record<HintTopic, string>>;
    await this.run(`LISTEN ${this.#channels.wanted}`);
    await this.assertHears();
    this.every(PING_INTERVAL, () => void this.ping());
    this.every(OWNER_INTERVAL, () => this.lent.isWantedBack() && this.#end('wanted back'));
  }

  private async assertHears(): Promise<void> {
    const echo = new Promise<void>((resolve) => (this.#hearEcho = resolve));
    await answerWithin(ANSWER_TIMEOUT, this.parts.hints.echo(), () => {
      throw new Error('There is no other connection by which to try whether notifications arrive.');
    });
    const lost = this.ended.then(() => {
      throw new Error('The connection that listens is lost.');
    });
    await answerWithin(ECHO_TIMEOUT, Promise.race([echo, lost]), () => {
      throw new DeafConnectionError('Notifications do not arrive.');
    });
  }

  /** A connection that was cut half-way is silent, like one on which nothing happens. */
  private async ping(): Promise<void> {
    try {
      await this.run('SELECT 1');
    } catch {
      this.#end('lost');
    }
  }

  private readonly onLost = (): void => this.#end('lost');

  private readonly onNotification = ({ channel, payload }: PostgresNotification): void => {
    const said = readPayload(payload, this.parts.hints.sender);
    if (said === 'echo') this.#hearEcho();
    else if (said !== undefined) {
      this.parts.onHint(channel === this.#channels.written ? 'written' : 'wanted', said);
    }
  };

  private run(text: string): ReturnType<LentListener['client']['query']> {
    return answerWithin(ANSWER_TIMEOUT, this.lent.client.query({ text, values: [] }), () => {
      throw new Error('The connection that listens is silent.');
    });
  }

  private text(sql: Sql): string {
    return sql(this.parts.tables);
  }

  private every(ms: number, work: () => void): void {
    this.#timers.push(setInterval(work, ms).unref());
  }
}
