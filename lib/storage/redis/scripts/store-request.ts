import { redisScript } from '../redis-script.js';

/**
 * Stores a request beside its saga, unless that is unknown or final; the same id again changes nothing.
 *
 * KEYS: head, requests, requested. ARGV: saga id, request id, the request as JSON.
 */
export const STORE_REQUEST = redisScript(`
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return 'unknown-saga' end
if status == 'COMPLETED' or status == 'FAILED' then return 'final' end
for _, request in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if string.match(request, '^([^%z]*)') == ARGV[2] then return 'stored' end
end
redis.call('RPUSH', KEYS[2], ARGV[2] .. '\\0' .. ARGV[3])
redis.call('SADD', KEYS[3], ARGV[1])
return 'stored'`);
