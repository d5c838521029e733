import type { Redis } from 'ioredis';

/** Deletes every key that begins so. */
export async function clearPrefix(client: Redis, prefix: string): Promise<void> {
  const pattern = `${prefix.replace(/[[\]*?\\]/g, '\\$&')}*`;
  for await (const keys of client.scanStream({ match: pattern, count: 1000 }) as AsyncIterable<string[]>) {
    if (keys.length > 0) await client.unlink(...keys);
  }
}
