import { Redis } from 'ioredis';

/** Where the tests find a server: `REDIS_URL`, else the standard port of this machine. */
export const serverUrl = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';

/** Why the server cannot be used; `undefined` when it answers. */
export async function problemOfServer(): Promise<string | undefined> {
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
