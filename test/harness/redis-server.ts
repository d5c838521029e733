import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';

/** Where the tests find a server: `REDIS_URL`, else the standard port of this machine. */
export const serverUrl = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';

/**
 * Declares the tests if there is a server. Where there is none, says so loudly on a person's machine, and fails where `CI` is
 * set.
 */
export async function whereThereIsRedis(name: string, declare: () => void): Promise<void> {
  const problem = await problemOfServer();
  if (problem === undefined) return declare();
  test(`${name} is NOT TESTED here: there is no Redis (required where CI is set; see REDIS_URL). ${problem}`, () => {
    expect(process.env['CI'] ?? '').toBe('');
  });
}

async function problemOfServer(): Promise<string | undefined> {
  const client = new Redis(serverUrl, { lazyConnect: true, connectTimeout: 5000, retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    client.disconnect();
  }
}
