import { answerWithin } from '../answer-within.js';
import { closedError } from '../closed-error.js';
import { isUnknownScript, toSagaError } from './driver-error.js';
import type { RedisClient, RedisCommand } from './redis-client.js';
import { redisKeys, type RedisKeys } from './redis-keys.js';
import type { ScriptCall } from './redis-script.js';
import type { RedisStorageOptions } from './redis-storage-options.js';

/** What became of one of several commands. */
export type Answer = { readonly result: unknown } | { readonly error: unknown };

/** Whom the client tells of its errors is told by its calls as well, and a client without a listener would print each of them. */
const ignoreError = (): void => undefined;

/** The client with what every use of it needs: errors in the port's terms, scripts that the server has forgotten, a time limit. */
export class RedisConnection {
  readonly keys: RedisKeys;
  readonly client: RedisClient;
  private readonly commandTimeout: number;
  private isOpen = false;

  constructor({ client, keyPrefix, commandTimeout }: Required<RedisStorageOptions>) {
    this.client = client;
    this.keys = redisKeys(keyPrefix);
    this.commandTimeout = commandTimeout;
  }

  open(): void {
    if (!this.isOpen) this.client.on?.('error', ignoreError);
    this.isOpen = true;
  }

  /** The client stays open. */
  close(): void {
    if (this.isOpen) this.client.off?.('error', ignoreError);
    this.isOpen = false;
  }

  /** Runs one script. */
  async run(call: ScriptCall): Promise<unknown> {
    return resultOf((await this.runAll([call]))[0]);
  }

  /** Runs scripts in one round trip, each for itself: one that fails fails alone. */
  async runAll(calls: readonly ScriptCall[]): Promise<readonly Answer[]> {
    const answers = await this.sendAll(calls.map(evalSha));
    const unknown = calls.filter((_, i) => isUnknown(answers[i]));
    if (unknown.length === 0) return answers;
    const again = await this.sendAll(unknown.map(evalText));
    return calls.map((_, i) => (isUnknown(answers[i]) ? again.shift() : answers[i]) as Answer);
  }

  /** Sends commands in one round trip. */
  async sendAll(commands: readonly RedisCommand[]): Promise<Answer[]> {
    if (!this.isOpen) throw closedError();
    if (commands.length === 0) return [];
    try {
      const answers = await this.limited(this.client.pipeline([...commands]).exec());
      if (answers === null) throw new Error('The pipeline was aborted.');
      return answers.map(([error, result]) => (error === null ? { result } : { error }));
    } catch (error) {
      throw toSagaError(error);
    }
  }

  /** Fails when the answer takes too long. A driver that has lost its server may wait for it for ever. */
  limited<T>(answer: Promise<T>): Promise<T> {
    return answerWithin(this.commandTimeout, answer, () => {
      throw new Error(`Redis has not answered within ${String(this.commandTimeout)} ms.`);
    });
  }
}

/**
 * What a command gave.
 *
 * @throws its error, in the port's terms.
 */
export function resultOf(answer: Answer | undefined): unknown {
  if (answer !== undefined && 'result' in answer) return answer.result;
  throw toSagaError(answer?.error);
}

function isUnknown(answer: Answer | undefined): boolean {
  return answer !== undefined && 'error' in answer && isUnknownScript(answer.error);
}

function evalSha({ script, keys, args }: ScriptCall): RedisCommand {
  return ['evalsha', script.sha, keys.length, ...keys, ...args];
}

/** It is known from then on. */
function evalText({ script, keys, args }: ScriptCall): RedisCommand {
  return ['eval', script.text, keys.length, ...keys, ...args];
}
