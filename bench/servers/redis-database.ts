import { Redis } from 'ioredis';
import type { SagaStorage } from 'nest-saga';
import { RedisSagaStorage } from 'nest-saga/redis';
import type { AppendRow } from '../floors/order-log.js';
import { inRedisPipelines } from '../floors/redis-log.js';
import type { OrderStep } from '../order-saga.js';
import type { BenchDatabase, BenchServer } from './bench-server.js';
import { RedisServer } from './redis.js';

/** A server for each contestant: Redis does everything in one thread, and writes one file. */
export const redis: BenchServer = {
  name: 'redis',
  create: async () => {
    const server = await RedisServer.start();
    return new RedisDatabase(server.port, server);
  },
  open: (address) => new RedisDatabase(Number(address), undefined),
};

class RedisDatabase implements BenchDatabase {
  readonly address: string;
  private readonly clients: Redis[] = [];

  constructor(
    private readonly port: number,
    private readonly server: RedisServer | undefined,
  ) {
    this.address = String(port);
  }

  storage(): SagaStorage {
    return new RedisSagaStorage({ client: this.client() });
  }

  floor(steps: readonly OrderStep[]): Promise<AppendRow> {
    return inRedisPipelines(this.client(), steps);
  }

  async counters(): Promise<Readonly<Record<string, number>>> {
    return this.server?.counters() ?? {};
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.disconnect();
    await this.server?.stop();
  }

  private client(): Redis {
    const client = new Redis({ port: this.port });
    this.clients.push(client);
    return client;
  }
}
