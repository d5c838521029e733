import { expect, test } from '@jest/globals';
import { Client } from 'pg';
import { serverConfig } from './postgres-config.js';

export { serverConfig };

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

async function problemOfServer(): Promise<string | undefined> {
  const client = new Client({ ...serverConfig, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    await client.query('SELECT 1');
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
