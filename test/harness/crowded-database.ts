import type { SagaStorage } from 'nest-saga';
import { RedisSagaStorage } from 'nest-saga/redis';
import type { PoolConnection } from 'mysql2/promise';
import { MysqlDatabase } from './mysql-database.js';
import { PostgresSchema } from './postgres-schema.js';
import { OwnRedisServer } from './redis-own-server.js';
import { RedisSpace } from './redis-space.js';

const CONNECTIONS = 2;

/** A database of which an application gets no more connections while somebody else holds them all. */
export interface CrowdedDatabase {
  /** The application's. */
  readonly storage: SagaStorage;
  /** Another one, which always gets through. */
  readonly observer: SagaStorage;
  /** Takes every connection that the storage could have; returns what gives them back. */
  holdAll(): Promise<() => void | Promise<void>>;
  /** Whether the storage waits for one. */
  isWaiting(): boolean;
  drop(): Promise<void>;
}

export async function crowdedPostgres(): Promise<CrowdedDatabase> {
  const schema = await PostgresSchema.create();
  const pool = schema.pool({ max: CONNECTIONS });
  return {
    storage: schema.storage({ client: pool, listener: false }),
    observer: await opened(schema.storage({ listener: false })),
    async holdAll() {
      const held = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()));
      return () => held.forEach((client) => client.release());
    },
    isWaiting: () => pool.waitingCount > 0,
    drop: () => schema.drop(),
  };
}

export async function crowdedMysql(): Promise<CrowdedDatabase> {
  const database = await MysqlDatabase.create();
  const pool = database.pool({ connectionLimit: CONNECTIONS });
  let held: readonly PoolConnection[] = [];
  let isWaiting = false;
  // The driver tells of whoever waits, and does not count them.
  pool.on('enqueue', () => (isWaiting ||= held.length === CONNECTIONS));
  return {
    storage: database.storage({ client: pool }),
    observer: await opened(database.storage()),
    async holdAll() {
      held = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.getConnection()));
      return () => held.forEach((connection) => connection.release());
    },
    isWaiting: () => isWaiting,
    drop: () => database.drop(),
  };
}

/** There is no pool, but a server has room for so many clients. */
export async function crowdedRedis(): Promise<CrowdedDatabase> {
  const server = await OwnRedisServer.start();
  const space = new RedisSpace(server.url);
  const client = space.client({ retryStrategy: () => 20 });
  return {
    storage: space.storage({ client }),
    observer: await opened(new RedisSagaStorage({ client: space.admin, keyPrefix: space.keyPrefix })),
    async holdAll() {
      const [, most] = (await space.admin.config('GET', 'maxclients')) as [string, string];
      await space.admin.config('SET', 'maxclients', 1);
      await space.admin.client('KILL', 'SKIPME', 'yes');
      return async () => {
        await space.admin.config('SET', 'maxclients', most);
      };
    },
    isWaiting: () => client.status !== 'ready',
    async drop() {
      await space.clear();
      await server.remove();
    },
  };
}

async function opened(storage: SagaStorage): Promise<SagaStorage> {
  await storage.open();
  return storage;
}
