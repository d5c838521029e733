import { HintListeners } from '../hint-listeners.js';
import { readMessage, sagasOfHint } from '../hint-message.js';
import type { HintListener, HintTopic, StopListening } from '../hint-topic.js';
import { errorCode, toSagaError } from './driver-error.js';
import type { RedisSubscriber } from './redis-client.js';
import type { RedisConnection } from './redis-connection.js';

/** Milliseconds until a connection that its driver has given up is replaced. */
const PAUSE = 1_000;

/** How often a connection is asked whether it is still there, in ms. */
const PING_INTERVAL = 10_000;

const nothing = (): void => undefined;

/**
 * Listens on one connection for everybody in the process, for as long as there is somebody: a connection of Redis that listens can do
 * nothing else. What was told while it was lost is not known, so all listeners then hear that it may be any saga.
 */
export class ListeningConnection {
  private readonly listeners = new HintListeners();
  private subscriber: RedisSubscriber | undefined;
  private pings: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly connection: RedisConnection,
    private readonly sender: string,
  ) {}

  /** Resolves with `undefined` where the user may not listen. */
  async listen(topic: HintTopic, hear: HintListener): Promise<StopListening | undefined> {
    if (this.isClosed) return undefined;
    const remove = this.listeners.add(topic, hear);
    const stop = (): Promise<void> => {
      remove();
      this.adjust();
      return Promise.resolve();
    };
    try {
      this.subscriber ??= this.connect();
      await this.connection.limited(this.subscriber.subscribe(this.connection.keys.channels[topic]));
      return stop;
    } catch (error) {
      await stop();
      if (errorCode(error) === 'NOPERM') return undefined;
      throw toSagaError(error);
    }
  }

  close(): void {
    this.isClosed = true;
    this.disconnect();
  }

  reopen(): void {
    this.isClosed = false;
  }

  private connect(): RedisSubscriber {
    const subscriber = this.connection.client.duplicate();
    subscriber.on('error', nothing);
    subscriber.on('message', this.onMessage);
    subscriber.on('ready', () => void this.onReady(subscriber));
    subscriber.on('end', () => this.onEnd(subscriber));
    clearInterval(this.pings);
    this.pings = setInterval(() => void this.ping(subscriber), PING_INTERVAL).unref();
    return subscriber;
  }

  /** Also after each reconnect: an application may have told its driver not to subscribe again by itself. */
  private async onReady(subscriber: RedisSubscriber): Promise<void> {
    const { topics } = this.listeners;
    const { channels } = this.connection.keys;
    try {
      await Promise.all(topics.map((topic) => subscriber.subscribe(channels[topic])));
    } catch {
      // Lost once more: it comes back once more.
      return;
    }
    for (const topic of topics) this.listeners.tell(topic, []);
  }

  /** A connection that was cut half-way is silent, like one on which nothing happens: what it hears already, it is asked to hear. */
  private async ping(subscriber: RedisSubscriber): Promise<void> {
    const [topic] = this.listeners.topics;
    if (topic === undefined) return;
    try {
      await this.connection.limited(subscriber.subscribe(this.connection.keys.channels[topic]));
    } catch {
      if (this.subscriber !== subscriber) return;
      this.subscriber = this.connect();
      subscriber.disconnect();
    }
  }

  /** The driver has given up, as its `retryStrategy` tells it to: but somebody still listens. */
  private onEnd(subscriber: RedisSubscriber): void {
    if (this.subscriber !== subscriber) return;
    setTimeout(() => {
      if (this.subscriber === subscriber) this.subscriber = this.connect();
    }, PAUSE).unref();
  }

  private readonly onMessage = (channel: string, message: string): void => {
    const sagaIds = sagasOfHint(readMessage(message), this.sender);
    if (sagaIds === undefined) return;
    this.listeners.tell(channel === this.connection.keys.channels.written ? 'written' : 'wanted', sagaIds);
  };

  /** Hears no more than somebody wants to hear, and ends the connection where that is nothing. */
  private adjust(): void {
    const { topics } = this.listeners;
    if (topics.length === 0) return this.disconnect();
    for (const topic of ['written', 'wanted'] as const) {
      if (topics.includes(topic)) continue;
      this.subscriber?.unsubscribe(this.connection.keys.channels[topic]).catch(nothing);
    }
  }

  private disconnect(): void {
    const { subscriber } = this;
    this.subscriber = undefined;
    clearInterval(this.pings);
    subscriber?.disconnect();
  }
}
