import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { DEFAULT_COMPENSATION, DEFAULT_RETRY } from '../../lib/definition/retry-policy.js';
import { engineOptionsOf } from '../../lib/saga-module-options.js';
import { InMemorySagaStorage } from '../../lib/index.js';
import { checkOptions as checkMysqlOptions } from '../../lib/storage/mysql/mysql-storage-options.js';
import { checkOptions as checkPostgresOptions } from '../../lib/storage/postgres/postgres-storage-options.js';
import { checkOptions as checkRedisOptions } from '../../lib/storage/redis/redis-storage-options.js';
import { checkOptions } from '../../lib/storage/sqlite/sqlite-storage-options.js';

/** The rows of a guide's tables of options: what stands in the second column, by the option in the first. */
function defaultsIn(guide: string): Readonly<Record<string, string>> {
  const text = readFileSync(new URL(`../../docs/${guide}`, import.meta.url), 'utf8');
  const rows = text.matchAll(/^\| `([\w.]+)` +\| (.*?) +\|/gm);
  return Object.fromEntries(
    Array.from(rows, ([, option = '', value = '']) => [option, value.replace(/`|,(?=\d{3})/g, '')]),
  );
}

describe('the tables of options', () => {
  test('have the defaults of the module', () => {
    const { recovery, lease, shutdown, concurrency } = engineOptionsOf({ storage: new InMemorySagaStorage() });
    const groups = Object.entries({ recovery, lease, shutdown }).flatMap(([group, options]) =>
      Object.entries(options).map(([option, value]) => [`${group}.${option}`, String(value)] as const),
    );
    const defaults: Readonly<Record<string, string>> = Object.fromEntries(groups);
    expect(defaultsIn('getting-started.md')).toMatchObject({ ...defaults, concurrency: String(concurrency) });
  });

  test('have the defaults of retries and compensations', () => {
    const text = readFileSync(new URL('../../docs/getting-started.md', import.meta.url), 'utf8').replace(
      /`|,(?=\d{3})/g,
      '',
    );
    const schedule = ({ retryDelay, retryBackoff, maxRetryDelay, jitter }: typeof DEFAULT_RETRY) =>
      `retryDelay ${retryDelay}, retryBackoff ${retryBackoff}, maxRetryDelay ${maxRetryDelay}, jitter ${jitter}`;
    expect(DEFAULT_RETRY.retryCount).toBe(1);
    expect(text).toContain(`retryCount (all attempts), ${schedule(DEFAULT_RETRY)}`);
    const { retryCount, onExhausted } = DEFAULT_COMPENSATION;
    expect(text).toContain(
      `retryCount ${retryCount} (all attempts), ${schedule(DEFAULT_COMPENSATION)}, timeout none, onExhausted '${onExhausted}'`,
    );
  });

  test('have the defaults of SQLite', () => {
    const client = {
      exec: () => undefined,
      prepare: () => ({ run: () => ({ changes: 0 }), get: () => undefined, all: () => [] }),
    };
    const { migrate, tablePrefix, busyTimeout, synchronous } = checkOptions({ client });
    expect(defaultsIn('sqlite.md')).toMatchObject({
      migrate: String(migrate),
      tablePrefix,
      busyTimeout: String(busyTimeout),
      synchronous: `'${synchronous}'`,
    });
  });

  test('have the defaults of PostgreSQL', () => {
    const nothing = async (): Promise<never> => Promise.reject(new Error('unused'));
    const { migrate, tablePrefix, listener, answerTimeout } = checkPostgresOptions({
      client: { query: nothing, transaction: nothing },
    });
    expect(defaultsIn('postgres.md')).toMatchObject({
      migrate: String(migrate),
      tablePrefix,
      listener: String(listener),
      answerTimeout: String(answerTimeout),
    });
  });

  test('have the defaults of MySQL', () => {
    const nothing = async (): Promise<never> => Promise.reject(new Error('unused'));
    const { migrate, tablePrefix, answerTimeout } = checkMysqlOptions({
      client: { query: nothing, transaction: nothing },
    });
    expect(defaultsIn('mysql.md')).toMatchObject({
      migrate: String(migrate),
      tablePrefix,
      answerTimeout: String(answerTimeout),
    });
  });

  test('have the defaults of Redis', () => {
    const nothing = () => {
      throw new Error('unused');
    };
    const { keyPrefix, commandTimeout } = checkRedisOptions({ client: { pipeline: nothing, duplicate: nothing } });
    expect(defaultsIn('redis.md')).toMatchObject({ keyPrefix, commandTimeout: String(commandTimeout) });
  });
});
