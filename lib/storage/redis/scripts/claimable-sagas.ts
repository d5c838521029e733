import { redisScript } from '../redis-script.js';
import { CLOCK } from './clock.js';

/**
 * Sagas that recovery may take, those with requests first, then those that have been waiting longest; some of them may turn out not to qualify. The workers
 * that own unfinished sagas are found by hopping through the index, one probe for each worker; then only the sagas of dead ones are read,
 * by the names that are known, and of those only as many as are wanted. So the cost depends neither on finished sagas, nor on
 * those that live workers run, nor on how many are left.
 *
 * KEYS: recover, workers, requested. ARGV: limit, 'due' or 'early', how many definitions, those as name and plan hash, gone workers …
 */
export const CLAIMABLE_SAGAS = redisScript(
  CLOCK,
  `
local limit, count = ARGV[1], tonumber(ARGV[3])
local gone, names, seen = {}, {}, {}
for i = 4 + 2 * count, #ARGV do gone[ARGV[i]] = true end
for i = 4, 3 + 2 * count, 2 do
  if not seen[ARGV[i]] then names[#names + 1] = ARGV[i] end
  seen[ARGV[i]] = true
end

local function is_alive(worker)
  if gone[worker] then return false end
  local expires = redis.call('ZSCORE', KEYS[2], worker)
  return expires and tonumber(expires) > now
end

-- ':' comes behind every digit.
local until_due = ARGV[2] == 'early' and ':' or stamp(now + 1)
local found = {}
local function find(place, to)
  for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], '[' .. place, '(' .. place .. to, 'LIMIT', 0, limit)) do
    found[#found + 1] = string.sub(member, #place + 1)
  end
end
local from = '[o'
while true do
  local first = redis.call('ZRANGEBYLEX', KEYS[1], from, '(p', 'LIMIT', 0, 1)[1]
  if not first then break end
  local worker = string.match(first, '^o([^%z]*)%z')
  from = '(o' .. worker .. '\\1'
  if worker == '' or not is_alive(worker) then
    for _, name in ipairs(names) do
      local place = 'o' .. worker .. '\\0' .. name .. '\\0'
      find(place .. 'a', ':')
      find(place .. 'd', until_due)
    end
  end
end
table.sort(found)

local ids = redis.call('SMEMBERS', KEYS[3])
for i = 1, math.min(#found, tonumber(limit)) do ids[#ids + 1] = string.sub(found[i], 16) end
for i = 4, 3 + 2 * count, 2 do
  local place = 'p' .. ARGV[i] .. '\\0' .. ARGV[i + 1] .. '\\0'
  for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], '[' .. place, '(' .. place .. '\\255', 'LIMIT', 0, limit)) do
    ids[#ids + 1] = string.sub(member, #place + 1)
  end
end
return ids`,
);
