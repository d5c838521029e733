import type { BenchCase } from '../finding.js';
import { inFlight } from './in-flight.js';
import { inMemory, inMemoryIntercepted } from './memory.js';
import { onMysql } from './mysql.js';
import { onPostgres } from './postgres.js';
import { onRedis } from './redis.js';
import { recoverable } from './recoverable.js';
import { resume } from './resume.js';
import { sqliteAtOnce, sqliteOneAtATime } from './sqlite.js';

/** Every case, in the order in which they are run. */
export const CASES: readonly BenchCase[] = [
  inMemory,
  inMemoryIntercepted,
  sqliteOneAtATime,
  sqliteAtOnce,
  ...onPostgres,
  ...onMysql,
  ...onRedis,
  ...inFlight,
  ...resume,
  ...recoverable,
];
