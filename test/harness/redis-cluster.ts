import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { OwnRedisServer } from './redis-own-server.js';

/** A cluster of so many nodes of this machine, without replicas, once every node knows all slots. */
export async function startCluster(count: number): Promise<readonly OwnRedisServer[]> {
  const settings = ['--cluster-enabled', 'yes', '--appendonly', 'yes'];
  const nodes = await Promise.all(Array.from({ length: count }, () => OwnRedisServer.start(...settings)));
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await promisify(execFile)('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
  for (const { url } of nodes) {
    const client = new Redis(url);
    while (!(await client.cluster('INFO')).includes('cluster_state:ok'));
    client.disconnect();
  }
  return nodes;
}
