import { redisScript } from '../redis-script.js';
import { CLOCK } from './clock.js';
import { FENCE } from './fence.js';

/**
 * The next row of a log, where the head only counts on: the way of most writes, and so the shortest one.
 *
 * KEYS: head, log, requests. ARGV: as `FENCE` says; then fields of the head that are set as they come (context, snapshot).
 *
 * RPUSH comes first: where memory is full, it is the one that is refused, and nothing has been written yet.
 */
export const APPEND_TRANSITION = redisScript(
  CLOCK,
  FENCE,
  `
local head = redis.call('HMGET', KEYS[1], 'version', 'at', 'seq')
if head[1] ~= ARGV[1] or head[3] ~= ARGV[3] then return { 'conflict' } end
local requests = unread()
if requests then return requests end

local at = text(math.max(now, tonumber(head[2])))
redis.call('RPUSH', KEYS[2], at .. ARGV[5])
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'seq', ARGV[4], 'at', at, 'writeId', ARGV[6], unpack(ARGV, 8 + KNOWN))
return { 'written', at }`,
);
