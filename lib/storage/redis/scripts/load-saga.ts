import { redisScript } from '../redis-script.js';
import { CLOCK } from './clock.js';

/**
 * A saga from its last snapshot on: in one script, so that head, log and requests fit.
 *
 * KEYS: head, log, requests. Gives: the head's fields and values, the rows, the requests, the time; nothing for an unknown saga.
 */
export const LOAD_SAGA = redisScript(
  CLOCK,
  `
local head = redis.call('HGETALL', KEYS[1])
if #head == 0 then return false end
local first = tonumber(redis.call('HGET', KEYS[1], 'snapshotVersion') or 1)
return { head, redis.call('LRANGE', KEYS[2], first - 1, -1), redis.call('LRANGE', KEYS[3], 0, -1), text(now) }`,
);
