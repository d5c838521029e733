import type { BenchCase } from '../finding.js';
import { redis } from '../servers/redis-database.js';
import { atOnce } from './server.js';

/** What is promised on Redis. */
export const onRedis: readonly BenchCase[] = [
  atOnce({ server: redis, name: '64-at-once', load: { sagas: 4_000, atOnce: 64 }, least: 0.6 }),
];
