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

/** Why the server cannot be used; `undefined` when it answers. */
export async function problemOfServer(): Promise<string | undefined> {
  try {
    const connection = await createConnection({ ...serverConfig, connectTimeout: 5000 });
    await connection.query('SELECT 1');
    await connection.end();
    return undefined;
  } catch (error) {
    return String(error);
  }
}
