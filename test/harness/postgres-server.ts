import { expect, test } from '@jest/globals';
import { Client, type ClientConfig } from 'pg';

const LOCAL_SERVER: ClientConfig = { host: '127.0.0.1', port: 5432, user: 'postgres', database: 'test' };

/** Where the tests find a server: `DATABASE_URL`, else the standard port of this machine, user `postgres`, database `test`. */
export const serverConfig: ClientConfig =
  process.env['DATABASE_URL'] === undefined ? LOCAL_SERVER : fieldsOf(new URL(process.env['DATABASE_URL']));

/** Field by field, so that a test can ask for another user or database of the same server. */
function fieldsOf({ hostname, port, username, password, pathname, searchParams }: URL): ClientConfig {
  return {
    host: searchParams.get('host') ?? hostname,
    port: Number(searchParams.get('port') ?? (port || 5432)),
    user: decodeURIComponent(username),
    database: decodeURIComponent(pathname.slice(1)),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  };
}

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
