import { HintListeners } from '../hint-listeners.js';
import type { HintListener, HintTopic, StopListening } from '../hint-topic.js';
import { DeafConnectionError, ListeningSession, type ListeningParts } from './listening-session.js';
import type { LentListener } from './pool-client.js';

/** Milliseconds until a lost connection is looked for again: doubled with each try in vain, up to the last. */
const FIRST_PAUSE = 100;
const LAST_PAUSE = 5_000;

/**
 * Listens on one connection for everybody in the process, for as long as there is somebody. A connection that is lost is replaced; what
 * was told meanwhile is not known, so all listeners then hear that it may be any saga.
 */
export class ListeningConnection {
  private readonly listeners = new HintListeners();
  private readonly parts: ListeningParts;
  #session: ListeningSession | undefined;
  /** From the first listener to the last: the first connection, which all of them wait for. */
  #beginning: Promise<void> | undefined;
  #adjusting: Promise<void> = Promise.resolve();
  #wakePause: () => void = () => undefined;
  #closed = false;

  constructor(
    private readonly lend: (() => Promise<LentListener>) | undefined,
    parts: Omit<ListeningParts, 'onHint'>,
  ) {
    this.parts = { ...parts, onHint: (topic, sagaIds) => this.listeners.tell(topic, sagaIds) };
  }

  /** Resolves with `undefined` where no notification arrives. */
  async listen(topic: HintTopic, hear: HintListener): Promise<StopListening | undefined> {
    if (this.lend === undefined || this.#closed) return undefined;
    const remove = this.listeners.add(topic, hear);
    try {
      await (this.#beginning ??= this.begin(this.lend));
      await this.adjust();
    } catch (error) {
      remove();
      if (error instanceof DeafConnectionError) return undefined;
      throw error;
    }
    return async () => {
      remove();
      await this.adjust().catch(() => undefined);
    };
  }

  /** Gives the connection back; one that is on its way, when it comes. */
  close(): void {
    this.#closed = true;
    this.#session?.close();
    this.#wakePause();
  }

  private async begin(lend: () => Promise<LentListener>): Promise<void> {
    try {
      this.#session = await this.newSession(lend);
    } catch (error) {
      this.#beginning = undefined;
      throw error;
    }
    void this.keep(lend);
  }

  private async newSession(lend: () => Promise<LentListener>): Promise<ListeningSession> {
    const session = await ListeningSession.begin(await lend(), this.parts);
    if (this.#closed) session.close();
    return session;
  }

  private get isNeeded(): boolean {
    return !this.#closed && this.listeners.topics.length > 0;
  }

  /** Until nobody listens any more, or the application closes its pool. */
  private async keep(lend: () => Promise<LentListener>): Promise<void> {
    for (let pause = FIRST_PAUSE; ;) {
      if (this.#session !== undefined) {
        const why = await this.#session.ended;
        this.#session.close();
        this.#session = undefined;
        this.tellAll();
        if (why === 'wanted back') break;
      }
      if (!this.isNeeded) break;
      await this.pause(pause);
      if (!this.isNeeded) break;
      try {
        this.#session = await this.newSession(lend);
        await this.adjust();
        pause = FIRST_PAUSE;
        this.tellAll();
      } catch {
        pause = Math.min(pause * 2, LAST_PAUSE);
      }
    }
    this.#beginning = undefined;
  }

  /** Listens to what somebody wants to hear, and gives the connection back where that is nothing. */
  private adjust(): Promise<void> {
    const adjusted = this.#adjusting.then(async () => {
      if (!this.isNeeded) this.#session?.close();
      else await this.#session?.hearWritten(this.listeners.hears('written'));
    });
    // A connection of which it is not known what it hears is replaced.
    this.#adjusting = adjusted.catch(() => this.#session?.close());
    return adjusted;
  }

  private tellAll(): void {
    for (const topic of this.listeners.topics) this.listeners.tell(topic, []);
  }

  private async pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.#wakePause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
