import { redisScript } from '../redis-script.js';

/**
 * The rows of a log that hold entries behind a seq, and the version of the first of them. Searches backwards, so that the cost is
 * that of what is new.
 *
 * KEYS: log. ARGV: seq.
 */
export const LOAD_HISTORY = redisScript(`
local after = tonumber(ARGV[1])
local first = after > 0 and redis.call('LLEN', KEYS[1]) or 1
while first > 1 do
  local row = redis.call('LINDEX', KEYS[1], first - 1)
  local first_seq = tonumber(string.match(row, '^%d+ (%d+) '))
  if first_seq and first_seq <= after + 1 then break end
  first = first - 1
end
first = math.max(first, 1)
return { first, redis.call('LRANGE', KEYS[1], first - 1, -1) }`);
