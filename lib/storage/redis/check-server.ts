import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { errorCode, isMissingRight, replyError, toSagaError } from './driver-error.js';
import { resultOf, type Answer, type RedisConnection } from './redis-connection.js';
import { LONGEST_TEXT } from './saga-write.js';
import { TRY_RIGHTS } from './scripts/try-rights.js';

/** What was seen of a server. */
export interface CheckedServer {
  /** Bytes of the longest text that it takes. */
  readonly longestText: number;
  readonly isCluster: boolean;
  /** What an operator should know, in sentences. */
  readonly warnings: readonly string[];
}

/** The oldest that will do. */
const OLDEST_VERSION = [6, 2] as const;

type Refusal = readonly [command: string, said: string];

/**
 * Looks at the server before anything is written to it.
 *
 * @throws SagaConfigurationError with all that makes it unfit.
 * @throws StorageUnavailableError when it takes no writes now, and may later.
 */
export async function checkServer(connection: RedisConnection): Promise<CheckedServer> {
  // The key makes all of them go to the node of the storage where there is a cluster.
  const [key, info, save, longest] = await connection.sendAll([
    ['exists', connection.keys.schema],
    ['info'],
    ['config', 'get', 'save'],
    ['config', 'get', 'proto-max-bulk-len'],
  ]);
  resultOf(key);
  const facts = readInfo(info);
  const settings = { save: readSetting(save), longest: readSetting(longest) };
  const mistakes = mistakesOf(facts);
  if (mistakes.length === 0) mistakes.push(...(await missingRights(connection)));
  if (mistakes.length > 0) throw new SagaConfigurationError(mistakes.map((text) => `RedisSagaStorage: ${text}.`));
  return {
    longestText: Number(settings.longest ?? LONGEST_TEXT),
    isCluster: facts.get('redis_mode') === 'cluster',
    warnings: warningsOf(facts, settings.save),
  };
}

type Facts = ReadonlyMap<string, string>;

function mistakesOf(facts: Facts): string[] {
  const version = facts.get('redis_version');
  const policy = facts.get('maxmemory_policy');
  return [
    ...(version !== undefined && isTooOld(version)
      ? [`the server is Redis ${version}, and ${OLDEST_VERSION.join('.')} is the oldest that will do`]
      : []),
    ...(facts.get('role') === 'slave' ? ['the server is a read-only replica: connect to the primary'] : []),
    ...(policy !== undefined && evictsSagas(policy)
      ? [
          `the server evicts keys when its memory is full (maxmemory-policy ${policy}), and sagas with them: ` +
            `set it to noeviction or a volatile one, or give sagas a server of their own`,
        ]
      : []),
  ];
}

/** The volatile ones evict keys with a time to live, and none of a saga's has one. */
function evictsSagas(policy: string): boolean {
  return policy !== 'noeviction' && !policy.startsWith('volatile-');
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor < OLDEST_VERSION[1]);
}

/** @throws StorageUnavailableError when the server takes no writes now, whoever sends them. */
async function missingRights(connection: RedisConnection): Promise<readonly string[]> {
  const answer = await connection.run({ script: TRY_RIGHTS, keys: [connection.keys.trial], args: [] });
  const refusals = (answer as readonly Refusal[]).map(([command, said]) => ({ command, error: replyError(said) }));
  const missing = refusals.filter(({ error }) => isMissingRight(error));
  if (missing.length > 0) {
    const said = missing.map(({ command, error }) => `${command}: ${error.message}`);
    return [`the user lacks rights that docs/redis.md lists. Redis says: ${said.join('; ')}`];
  }
  const [passing] = refusals;
  if (passing !== undefined) throw toSagaError(passing.error);
  return [];
}

function warningsOf(facts: Facts, save: string | undefined): readonly string[] {
  const unknown = [
    ...(facts.has('redis_version') ? [] : ['its version']),
    ...(facts.has('role') ? [] : ['whether it is a primary']),
    ...(facts.has('maxmemory_policy') ? [] : ['its maxmemory-policy (which must be noeviction or a volatile one)']),
    ...(facts.has('aof_enabled') ? [] : ['whether it keeps anything on disk']),
  ];
  const aof = facts.get('aof_enabled');
  return [
    ...(unknown.length > 0 ? [`The Redis server does not tell ${unknown.join(', ')}: see to it yourself.`] : []),
    ...(aof === '0' && save === ''
      ? ['The Redis server keeps nothing on disk (appendonly no, save ""): all sagas are lost when it restarts.']
      : []),
    ...(aof === '0' && save !== undefined && save !== ''
      ? ['The Redis server has snapshots only (appendonly no): sagas of the last minutes are lost when it crashes.']
      : []),
    ...(aof === '0' && save === undefined
      ? ['The Redis server has no append-only file (appendonly no), and does not tell whether it makes snapshots.']
      : []),
  ];
}

/** What `INFO` says, line by line; nothing where it is forbidden. */
function readInfo(answer: Answer | undefined): Facts {
  const text = told(answer);
  if (typeof text !== 'string') return new Map<string, string>();
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

/** The value of one setting; `undefined` where `CONFIG` is forbidden, as providers like it. */
function readSetting(answer: Answer | undefined): string | undefined {
  const pair = told(answer);
  const value: unknown = Array.isArray(pair) ? pair[1] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** An answer that the server may refuse; that it could not be reached is another matter. */
function told(answer: Answer | undefined): unknown {
  const refused = answer !== undefined && 'error' in answer && errorCode(answer.error) !== undefined;
  return refused ? undefined : resultOf(answer);
}
