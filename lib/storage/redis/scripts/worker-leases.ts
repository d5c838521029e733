import { redisScript } from '../redis-script.js';
import { CLOCK } from './clock.js';

/**
 * Registers a worker. Workers that are gone are forgotten when a new one comes: who is not there is as dead as who has expired. Gives the
 * sagas that have requests.
 *
 * KEYS: workers, processes, requested. ARGV: worker, milliseconds, its process (or nothing).
 */
export const REGISTER_WORKER = redisScript(
  CLOCK,
  `
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', text(now), 'LIMIT', 0, 1000)) do
  redis.call('ZREM', KEYS[1], worker)
  redis.call('HDEL', KEYS[2], worker)
end
redis.call('ZADD', KEYS[1], text(math.ceil(now + ARGV[2])), ARGV[1])
if ARGV[3] then redis.call('HSET', KEYS[2], ARGV[1], ARGV[3]) end
return redis.call('SMEMBERS', KEYS[3])`,
);

/**
 * Renews a lease that is still valid; gives nothing when it is not, else the sagas that have requests.
 *
 * KEYS: workers, requested. ARGV: worker, milliseconds.
 */
export const RENEW_LEASE = redisScript(
  CLOCK,
  `
local expires = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not expires or tonumber(expires) <= now then return false end
redis.call('ZADD', KEYS[1], text(math.ceil(now + ARGV[2])), ARGV[1])
return redis.call('SMEMBERS', KEYS[2])`,
);

/**
 * Gives a lease up.
 *
 * KEYS: workers, processes. ARGV: worker.
 */
export const RELEASE_WORKER = redisScript(`
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])`);

/**
 * The workers whose lease is valid: each one's name, the end of its lease, its process.
 *
 * KEYS: workers, processes.
 */
export const ALIVE_WORKERS = redisScript(
  CLOCK,
  `
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. text(now), '+inf', 'WITHSCORES')
local alive = {}
for i = 1, #found, 2 do
  alive[#alive + 1] = { found[i], text(found[i + 1]), redis.call('HGET', KEYS[2], found[i]) }
end
return alive`,
);
