import { expect, test } from '@jest/globals';
import { problemOfServer } from './redis-config.js';

export { serverUrl } from './redis-config.js';

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
