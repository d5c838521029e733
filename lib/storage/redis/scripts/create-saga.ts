import { redisScript } from '../redis-script.js';
import { CLOCK } from './clock.js';
import { SAGA_INDEXES } from './saga-indexes.js';

/**
 * Head and first row of a new saga, unless the id is taken.
 *
 * KEYS: head, log, find, recover. ARGV: id, the row without its time, then the fields of the head with their values.
 */
export const CREATE_SAGA = redisScript(
  CLOCK,
  SAGA_INDEXES,
  `
local name = redis.call('HGET', KEYS[1], 'name')
if name then return { 'exists', name } end

local at = text(now)
local head = {}
for i = 3, #ARGV, 2 do head[ARGV[i]] = ARGV[i + 1] end
head.createdAt = at
redis.call('RPUSH', KEYS[2], at .. ARGV[2])
redis.call('HSET', KEYS[1], 'at', at, 'createdAt', at, 'updatedAt', at, unpack(ARGV, 3))
reindex(KEYS[3], {}, in_find(head, ARGV[1]))
reindex(KEYS[4], {}, in_recover(head, ARGV[1]))
return { 'created', at }`,
);
