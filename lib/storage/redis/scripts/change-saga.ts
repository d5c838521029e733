import { redisScript } from '../redis-script.js';
import { CLOCK } from './clock.js';
import { FENCE } from './fence.js';
import { SAGA_INDEXES } from './saga-indexes.js';

/**
 * The next row of a log, together with what changes in the head, its indexes and the requests that it answers.
 *
 * KEYS: head, log, requests, find, recover, requested. ARGV: as `FENCE` says; then the saga's id, whether the head moves ('1'), the due
 * time in milliseconds from now (or nothing), how many fields are set, those with their values, how many are cleared, those; how many
 * requests are answered, those.
 */
export const CHANGE_SAGA = redisScript(
  CLOCK,
  SAGA_INDEXES,
  FENCE,
  `
local next_arg = 8 + KNOWN
local function take()
  next_arg = next_arg + 1
  return ARGV[next_arg - 1]
end

local before = read_head(KEYS[1])
if before.version ~= ARGV[1] or before.seq ~= ARGV[3] then return { 'conflict' } end
local requests = unread()
if requests then return requests end

local at = text(math.max(now, tonumber(before.at)))
local id, moves, due_in = take(), take() == '1', take()
local after = {}
for field, value in pairs(before) do after[field] = value end
local set = { 'version', ARGV[2], 'seq', ARGV[4], 'at', at, 'writeId', ARGV[6] }
local cleared = {}
local function assign(field, value)
  after[field] = value
  set[#set + 1] = field
  set[#set + 1] = value
end
for _ = 1, tonumber(take()) do assign(take(), take()) end
for _ = 1, tonumber(take()) do
  local field = take()
  after[field] = nil
  cleared[#cleared + 1] = field
end
if due_in ~= '' then assign('dueAt', text(at + due_in)) end
if moves then assign('updatedAt', at) end

redis.call('RPUSH', KEYS[2], at .. ARGV[5])
redis.call('HSET', KEYS[1], unpack(set))
if #cleared > 0 then redis.call('HDEL', KEYS[1], unpack(cleared)) end
reindex(KEYS[4], in_find(before, id), in_find(after, id))
reindex(KEYS[5], in_recover(before, id), in_recover(after, id))

local answered = {}
for _ = 1, tonumber(take()) do answered[take()] = true end
if next(answered) and redis.call('EXISTS', KEYS[3]) == 1 then
  for _, request in ipairs(redis.call('LRANGE', KEYS[3], 0, -1)) do
    if answered[string.match(request, '^([^%z]*)')] then redis.call('LREM', KEYS[3], 1, request) end
  end
  if redis.call('EXISTS', KEYS[3]) == 0 then redis.call('SREM', KEYS[6], id) end
end
return { 'written', at }`,
);
