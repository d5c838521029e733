import type { HintTopic } from './hint-topic.js';

/** How a {@link HintSender} sends. */
export interface HintSenderOptions {
  /** Sends one hint; an empty list stands for any saga. Resolves with whether anybody listens, as far as that can be known. */
  readonly send: (topic: HintTopic, sagaIds: readonly string[]) => Promise<'heard' | 'unheard'>;
  /** Milliseconds between two hints of a topic that somebody listens to; default 20. */
  readonly spacing?: number;
  /** Milliseconds until a topic that nobody listened to is tried again; default 500. */
  readonly unheardSpacing?: number;
}

/** More sagas than this are told of as "any". */
const MOST_IDS = 2_000;

/** A server that does not answer keeps nobody from closing for longer, in ms. */
const LAST_WAIT = 1_000;

/** What is to be told of one topic. */
interface Outbox {
  readonly ids: Set<string>;
  any: boolean;
  heard: boolean;
  sentAt: number;
  timer: NodeJS.Timeout | undefined;
  underWay: Promise<void> | undefined;
}

/**
 * Sends hints about writes, gathered, and behind the writes: no write waits for a hint, and however many writes there are, hints are few.
 * Where nobody listens only a trickle is sent, to find out when somebody does. A hint that cannot be sent is lost, as hints may be.
 */
export class HintSender {
  private readonly outboxes: Readonly<Record<HintTopic, Outbox>> = { written: emptyOutbox(), wanted: emptyOutbox() };

  constructor(private readonly options: HintSenderOptions) {}

  /** Tells of these sagas soon; of an empty list, that it may be any. */
  tell(topic: HintTopic, sagaIds: readonly string[]): void {
    const outbox = this.outboxes[topic];
    // Whoever begins to listen reads everything, so what nobody heard need not be named.
    if (!outbox.heard || sagaIds.length === 0 || outbox.ids.size + sagaIds.length > MOST_IDS) outbox.any = true;
    else for (const id of sagaIds) outbox.ids.add(id);
    this.schedule(topic);
  }

  /** Sends what is left, within a second or not at all. Never rejects. */
  async drain(): Promise<void> {
    const limit = new Promise<void>((resolve) => setTimeout(resolve, LAST_WAIT).unref());
    await Promise.race([this.sendRest(), limit]);
  }

  private async sendRest(): Promise<void> {
    for (const topic of ['written', 'wanted'] as const) {
      const outbox = this.outboxes[topic];
      await outbox.underWay;
      clearTimeout(outbox.timer);
      outbox.timer = undefined;
      if (outbox.heard) await this.send(topic);
    }
  }

  private schedule(topic: HintTopic): void {
    const outbox = this.outboxes[topic];
    if (outbox.timer !== undefined || outbox.underWay !== undefined || !holdsSomething(outbox)) return;
    const { spacing = 20, unheardSpacing = 500 } = this.options;
    const wait = outbox.sentAt + (outbox.heard ? spacing : unheardSpacing) - performance.now();
    outbox.timer = setTimeout(() => {
      outbox.timer = undefined;
      outbox.underWay = this.send(topic).finally(() => {
        outbox.underWay = undefined;
        this.schedule(topic);
      });
    }, wait).unref();
  }

  private async send(topic: HintTopic): Promise<void> {
    const outbox = this.outboxes[topic];
    if (!holdsSomething(outbox)) return;
    const ids = outbox.any ? [] : [...outbox.ids];
    outbox.ids.clear();
    outbox.any = false;
    outbox.sentAt = performance.now();
    try {
      outbox.heard = (await this.options.send(topic, ids)) === 'heard';
    } catch {
      // Lost. Who listens looks now and then anyway.
    }
  }
}

function emptyOutbox(): Outbox {
  return { ids: new Set(), any: false, heard: true, sentAt: -Infinity, timer: undefined, underWay: undefined };
}

function holdsSomething({ ids, any }: Outbox): boolean {
  return any || ids.size > 0;
}
