import { expect, test } from '@jest/globals';
import { problemOfServer } from './mysql-config.js';

export { serverConfig } from './mysql-config.js';

/**
 * Declares the tests if there is a server. Where there is none, says so loudly on a person's machine, and fails where `CI` is
 * set.
 */
export async function whereThereIsMysql(name: string, declare: () => void): Promise<void> {
  const problem = await problemOfServer();
  if (problem === undefined) return declare();
  test(`${name} is NOT TESTED here: there is no MySQL or MariaDB (required where CI is set; see MYSQL_URL). ${problem}`, () => {
    expect(process.env['CI'] ?? '').toBe('');
  });
}
