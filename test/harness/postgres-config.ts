import { Client, type ClientConfig } from 'pg';

const LOCAL_SERVER: ClientConfig = { host: '127.0.0.1', port: 5432, user: 'postgres', database: 'test' };

/** Where tests and benchmarks find a server: `DATABASE_URL`, else the standard port of this machine, user `postgres`, database `test`. */
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

/** Why the server cannot be used; `undefined` when it answers. */
export async function problemOfServer(): Promise<string | undefined> {
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
