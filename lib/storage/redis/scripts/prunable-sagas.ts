import { redisScript } from '../redis-script.js';
import { CLOCK } from './clock.js';

/**
 * A page of sagas in a status that were created long enough ago, as members of the index: a saga has finished when its head last changed, and
 * was created before that, so this leads to all that finished long enough ago, and to few others.
 *
 * KEYS: find. ARGV: status, milliseconds, the member to go on behind (or nothing), limit.
 */
export const PRUNABLE_SAGAS = redisScript(
  CLOCK,
  `
local place = 's' .. ARGV[1] .. '\\0'
local from = ARGV[3] == '' and '[' .. place or '(' .. ARGV[3]
local before = '(' .. place .. stamp(math.max(0, math.min(1e14, now - ARGV[2])))
return redis.call('ZRANGEBYLEX', KEYS[1], from, before, 'LIMIT', 0, ARGV[4])`,
);
