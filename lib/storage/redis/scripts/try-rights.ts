import { redisScript } from '../redis-script.js';

/**
 * Tries each command that the other scripts use, on a key that is gone afterwards; gives the refused ones, each with what Redis says.
 *
 * KEYS: a key that nobody uses.
 */
export const TRY_RIGHTS = redisScript(`
local refused = {}
local function try(...)
  local answer = redis.pcall(...)
  if type(answer) == 'table' and answer.err then refused[#refused + 1] = { select(1, ...), answer.err } end
end
local key = KEYS[1]
try('TIME')
try('UNLINK', key)
try('EXISTS', key)
try('GET', key)
try('SET', key, '1')
try('UNLINK', key)
try('HSET', key, 'a', '1')
try('HGET', key, 'a')
try('HMGET', key, 'a')
try('HGETALL', key)
try('HDEL', key, 'a')
try('RPUSH', key, 'a')
try('LLEN', key)
try('LINDEX', key, 0)
try('LRANGE', key, 0, -1)
try('LREM', key, 1, 'a')
try('SADD', key, 'a')
try('SMEMBERS', key)
try('SREM', key, 'a')
try('ZADD', key, 0, 'a')
try('ZSCORE', key, 'a')
try('ZLEXCOUNT', key, '-', '+')
try('ZRANGEBYLEX', key, '-', '+')
try('ZREVRANGEBYLEX', key, '+', '-')
try('ZRANGEBYSCORE', key, 0, 1)
try('ZREM', key, 'a')
try('UNLINK', key)
return refused`);
