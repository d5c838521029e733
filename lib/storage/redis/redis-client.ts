/** A command of Redis with its arguments: `['HGET', key, field]`. */
export type RedisCommand = [name: string, ...args: (string | number)[]];

/** Commands that are sent together. Each has an answer of its own: an error, or a result. */
export interface RedisPipeline {
  /** Sends them. `null` or a rejection: nothing is known of any of them. */
  exec(): Promise<readonly (readonly [error: Error | null, result: unknown])[] | null>;
}

/** Who hears of errors of a connection. */
export type RedisErrorListener = (error: Error) => void;

/** Who hears of messages on a channel. */
export type RedisMessageListener = (channel: string, message: string) => void;

/** A connection that hears messages, and does nothing else. */
export interface RedisSubscriber {
  /** Begins to hear a channel. */
  subscribe(channel: string): Promise<unknown>;
  /** Ends it. */
  unsubscribe(channel: string): Promise<unknown>;
  /** Begins to tell of messages. */
  on(event: 'message', listener: RedisMessageListener): unknown;
  /** Begins to tell of errors. */
  on(event: 'error', listener: RedisErrorListener): unknown;
  /** Begins to tell that the connection stands, again, or that it was given up. */
  on(event: 'ready' | 'end', listener: () => void): unknown;
  /** Ends the connection. */
  disconnect(): void;
}

/** What a `new Redis()` or a `new Cluster()` of `ioredis` is to the storage. */
export interface RedisClient {
  /** Commands to be sent together. */
  pipeline(commands: RedisCommand[]): RedisPipeline;
  /** Another connection to the same server. */
  duplicate(): RedisSubscriber;
  /** Begins to tell of errors of the connection. */
  on?(event: 'error', listener: RedisErrorListener): unknown;
  /** Ends it. */
  off?(event: 'error', listener: RedisErrorListener): unknown;
}
