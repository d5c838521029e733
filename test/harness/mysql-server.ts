import { expect, test } from '@jest/globals';
import { createConnection, type ConnectionOptions } from 'mysql2/promise';

const LOCAL_SERVER: ConnectionOptions = { host: '127.0.0.1', port: 3306, user: 'root', database: 'test' };

/** Where the tests find a server: `MYSQL_URL`, else the standard port of this machine, user `root`, database `test`. */
export const serverConfig: ConnectionOptions =
  process.env['MYSQL_URL'] === undefined ? LOCAL_SERVER : fieldsOf(new URL(process.env['MYSQL_URL']));

/** Field by field, so that a test can ask for another user or database of the same server. */
function fieldsOf({ hostname, port, username, password, pathname }: URL): ConnectionOptions {
  return {
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  };
}

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

async function problemOfServer(): Promise<string | undefined> {
  try {
    const connection = await createConnection({ ...serverConfig, connectTimeout: 5000 });
    await connection.query('SELECT 1');
    await connection.end();
    return undefined;
  } catch (error) {
    return String(error);
  }
}
