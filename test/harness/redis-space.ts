import { RedisSagaStorage, type RedisStorageOptions } from 'nest-saga/redis';
import { Redis, type RedisOptions } from 'ioredis';
import { StorageUnderTest } from '../contract/storage-under-test.js';
import { clearPrefix } from './redis-keys.js';
import { serverUrl } from './redis-server.js';

export { clearPrefix };

/** A key prefix that nobody else uses, with its connections and storages: what a test has of a server. */
export class RedisSpace {
  readonly keyPrefix = `{nest-saga-test-${crypto.randomUUID()}}:`;
  private readonly clients: Redis[] = [];
  private readonly storages: RedisSagaStorage[] = [];
  /** For what the test itself asks of the server. */
  readonly admin: Redis;

  constructor(private readonly url = serverUrl) {
    this.admin = this.client();
  }

  client(options: RedisOptions = {}): Redis {
    const client = new Redis(this.url, options);
    client.on('error', () => undefined);
    this.clients.push(client);
    return client;
  }

  /** A storage with a connection of its own, not opened yet. */
  storage(options: Partial<RedisStorageOptions> = {}): RedisSagaStorage {
    const { keyPrefix } = this;
    const storage = new RedisSagaStorage({ client: options.client ?? this.client(), keyPrefix, ...options });
    this.storages.push(storage);
    return storage;
  }

  /** An opened storage with the short writes of the contract. */
  async subject(options: Partial<RedisStorageOptions> = {}): Promise<StorageUnderTest> {
    const storage = this.storage(options);
    await storage.open();
    const unused = async (): Promise<never> => Promise.reject(new Error('Only storage is used here.'));
    return new StorageUnderTest(() => ({ storage, peer: unused, advance: unused, corrupt: unused, dispose: unused }));
  }

  /** Everything that is stored, by key, to be compared with what is stored later. */
  async dump(): Promise<Readonly<Record<string, unknown>>> {
    const keys = (await this.admin.keys(`${this.keyPrefix}*`)).toSorted();
    const values = await Promise.all(keys.map((key) => this.valueOf(key)));
    return Object.fromEntries(keys.map((key, i) => [key, values[i]]));
  }

  private async valueOf(key: string): Promise<unknown> {
    switch (await this.admin.type(key)) {
      case 'hash':
        return this.admin.hgetall(key);
      case 'list':
        return this.admin.lrange(key, 0, -1);
      case 'zset':
        return this.admin.zrange(key, 0, -1, 'WITHSCORES');
      case 'set':
        return (await this.admin.smembers(key)).toSorted();
      default:
        return this.admin.get(key);
    }
  }

  /** Ends the connections, and leaves nothing of the keys. */
  async clear(): Promise<void> {
    for (const storage of this.storages) await storage.close();
    await clearPrefix(this.admin, this.keyPrefix).catch(() => undefined);
    for (const client of this.clients) client.disconnect();
  }
}
