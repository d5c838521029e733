import { describeSagaStorage } from '../contract/describe-saga-storage.js';
import { redisHarness } from '../harness/redis.js';
import { whereThereIsRedis } from '../harness/redis-server.js';

await whereThereIsRedis('RedisSagaStorage', () => {
  describeSagaStorage('RedisSagaStorage', redisHarness());
});
