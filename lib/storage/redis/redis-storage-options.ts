import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { isTimeLimit } from '../answer-within.js';
import { isStorable } from '../rows/storable.js';
import type { RedisClient } from './redis-client.js';

/** How a {@link RedisSagaStorage} works. */
export interface RedisStorageOptions {
  /** A `new Redis()` or `new Cluster()` of `ioredis`. */
  readonly client: RedisClient;
  /**
   * What every key begins with; default `{nest-saga}:`. It has one hash tag, so that on a cluster all keys of the storage are on one
   * node, where a script can change them together.
   */
  readonly keyPrefix?: string;
  /** Milliseconds that a call waits for the server's answer before it fails; default 5000. */
  readonly commandTimeout?: number;
}

/** Redis hashes what stands between the first `{` and the first `}` behind it. */
const TAGGED = /^[^{}]*\{[^{}]+\}[^{}]*$/;

/**
 * The options with their defaults.
 *
 * @throws SagaConfigurationError with all that is wrong with them.
 */
export function checkOptions(options: RedisStorageOptions): Required<RedisStorageOptions> {
  const { client, keyPrefix = '{nest-saga}:', commandTimeout = 5000 } = options;
  const mistakes = [
    ...mistakeIf(!isClient(client), '`client` must be a Redis or a Cluster of ioredis.'),
    ...mistakeIf(
      !isStorable(keyPrefix) || !TAGGED.test(keyPrefix) || keyPrefix.length > 200,
      '`keyPrefix` must be a text of up to 200 characters with one hash tag in braces, as `{shop-sagas}:`.',
    ),
    ...mistakeIf(!isTimeLimit(commandTimeout), '`commandTimeout` must be milliseconds, more than 0.'),
  ];
  if (mistakes.length > 0) throw new SagaConfigurationError(mistakes.map((text) => `RedisSagaStorage: ${text}`));
  return { client, keyPrefix, commandTimeout };
}

function mistakeIf(wrong: boolean, text: string): readonly string[] {
  return wrong ? [text] : [];
}

function isClient(client: Partial<RedisClient> | null | undefined): boolean {
  return typeof client?.pipeline === 'function' && typeof client.duplicate === 'function';
}
