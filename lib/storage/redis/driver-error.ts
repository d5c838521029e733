import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { SagaError } from '../../errors/saga-error.js';
import { StorageUnavailableError } from '../../errors/storage-unavailable-error.js';

/** An answer of the server begins with a code in capitals; Redis 6.2 wraps those that a script got. */
const CODE = /^(?:ERR Error running script .*?: -|@user_script: ?\d+: -?)?([A-Z]+) /s;

/** The server's error code (`NOSCRIPT`, `OOM`, `NOPERM` …), `undefined` if no server spoke. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  return CODE.exec(error.message)?.[1] ?? 'ERR';
}

/** The server does not know this script (any more): it did not run, and has to be sent whole. */
export function isUnknownScript(error: unknown): boolean {
  return errorCode(error) === 'NOSCRIPT';
}

/** The server would refuse this for ever: the user may not do it, or there is no such command. Redis 6.2 has no code of its own for it in a script. */
export function isMissingRight(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'NOPERM' || code === 'ERR';
}

/** What a script has caught, as the driver would have told it. */
export function replyError(said: string | undefined): Error {
  const error = new Error(said);
  error.name = 'ReplyError';
  return error;
}

/** A driver's error in the port's terms. */
export function toSagaError(error: unknown): unknown {
  if (error instanceof SagaError) return error;
  const cause = { cause: error };
  const code = errorCode(error);
  switch (code) {
    case undefined:
      return new StorageUnavailableError(
        'failed',
        'The Redis server of the sagas cannot be reached. The cause says more; sagas go on when it is back.',
        cause,
      );
    case 'OOM':
      return new StorageUnavailableError(
        'full',
        'The Redis server of the sagas has no memory left (OOM). Nothing was written; prune finished sagas, or raise its `maxmemory`.',
        cause,
      );
    case 'BUSY':
      return new StorageUnavailableError(
        'locked',
        'The Redis server of the sagas is busy with a script that does not end (BUSY). Nothing was written.',
        cause,
      );
    case 'NOREPLICAS':
      return new StorageUnavailableError(
        'failed',
        'The Redis server of the sagas has fewer replicas at hand than its `min-replicas-to-write` asks for (NOREPLICAS). Nothing was written; bring them back, and sagas go on.',
        cause,
      );
    case 'MISCONF':
      return new StorageUnavailableError(
        'failed',
        'The Redis server of the sagas cannot save to its disk, and takes no writes until it can (MISCONF). Nothing was written; its log says why it cannot.',
        cause,
      );
    case 'READONLY':
      return new StorageUnavailableError(
        'failed',
        'The Redis server of the sagas is a read-only replica by now (READONLY). Nothing was written; where another one is the primary at the same address, `reconnectOnError` has the client go there: see docs/redis.md.',
        cause,
      );
    default:
      return new StorageUnavailableError(
        'failed',
        `The Redis server of the sagas failed (${code}). The cause says more; sagas go on when it works again.`,
        cause,
      );
  }
}

/** What is wrong with the set-up, where that is what an error while opening says; else the error in the port's terms. */
export function toOpeningError(error: unknown): unknown {
  const code = errorCode(error) ?? errorCode(error instanceof Error ? error.cause : undefined);
  const mistake = code === undefined ? undefined : SET_UP_MISTAKES[code];
  if (mistake === undefined) return toSagaError(error);
  const said = error instanceof Error ? (error.cause instanceof Error ? error.cause : error).message : '';
  return new SagaConfigurationError([`RedisSagaStorage: ${mistake} (${String(code)}). Redis says: ${said}`]);
}

const WRONG_PASSWORD = 'the server refuses the user or the password of the client';

const SET_UP_MISTAKES: Readonly<Record<string, string>> = {
  NOAUTH: WRONG_PASSWORD,
  WRONGPASS: WRONG_PASSWORD,
  NOPERM: 'the user lacks a right: docs/redis.md lists the commands, keys and channels',
  READONLY: 'the server is a read-only replica: connect to the primary',
  CROSSSLOT:
    'the keys are not in one slot of the cluster: `keyPrefix` needs a hash tag that the client leaves as it is',
};
