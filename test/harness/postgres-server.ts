import { expect, test } from '@jest/globals';
import { problemOfServer } from './postgres-config.js';

export { serverConfig } from './postgres-config.js';

/**
 * Declares the tests if there is a server. Where there is none, says so loudly on a person's machine, and fails where `CI` is
 * set.
 */
export async function whereThereIsPostgres(name: string, declare: () => void): Promise<void> {
  const problem = await problemOfServer();
  if (problem === undefined) return declare();
  test(`${name} is NOT TESTED here: there is no PostgreSQL (required where CI is set; see DATABASE_URL). ${problem}`, () => {
    expect(process.env['CI'] ?? '').toBe('');
  });
}
