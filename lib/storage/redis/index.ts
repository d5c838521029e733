/**
 * Sagas in Redis.
 *
 * @module nest-saga/redis
 */
export { RedisSagaStorage } from './redis-saga-storage.js';
export type { RedisStorageOptions } from './redis-storage-options.js';
export type {
  RedisClient,
  RedisCommand,
  RedisErrorListener,
  RedisMessageListener,
  RedisPipeline,
  RedisSubscriber,
} from './redis-client.js';
