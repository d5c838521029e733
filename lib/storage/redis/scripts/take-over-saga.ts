import { redisScript } from '../redis-script.js';
import { CLOCK } from './clock.js';
import { SAGA_INDEXES } from './saga-indexes.js';

/**
 * Takes one saga over if it (still) qualifies, as `ClaimQuery` says; tells whether it did. A driver that has lost its connection may send
 * the same call twice: by its write id the second one finds that the first has succeeded.
 *
 * KEYS: head, log, requests, find, recover, workers. ARGV: id, worker, 'asked', 'due' or 'early', name, plan hash, whether that plan is
 * known ('1'), the row without its time and seqs, the write's id, gone workers …
 */
export const TAKE_OVER_SAGA = redisScript(
  CLOCK,
  SAGA_INDEXES,
  `
local id, worker, mode, name, plan_hash, knows_plan = unpack(ARGV, 1, 6)
local before = read_head(KEYS[1])
if before.name ~= name or before.planHash ~= plan_hash then return 0 end
if before.writeId == ARGV[8] then return 1 end
if FINAL[before.status] then return 0 end

local function is_alive(owner)
  for i = 9, #ARGV do if ARGV[i] == owner then return false end end
  local expires = redis.call('ZSCORE', KEYS[6], owner)
  return expires and tonumber(expires) > now
end
if before.worker and is_alive(before.worker) then return 0 end
if mode ~= 'asked' and redis.call('EXISTS', KEYS[3]) == 0 then
  if before.heldCode then
    if not LACKS_CODE[before.heldCode] or knows_plan ~= '1' then return 0 end
  elseif mode == 'due' and before.dueAt and tonumber(before.dueAt) > now then
    return 0
  end
end

local at = text(math.max(now, tonumber(before.at)))
local seq = text(before.seq + 1)
local after = {}
for field, value in pairs(before) do after[field] = value end
after.worker, after.updatedAt, after.dueAt, after.heldCode = worker, at, nil, nil
redis.call('RPUSH', KEYS[2], at .. ' ' .. seq .. ' ' .. seq .. ARGV[7])
redis.call('HSET', KEYS[1], 'version', text(before.version + 1), 'seq', seq, 'at', at, 'writeId', ARGV[8],
  'worker', worker, 'updatedAt', at)
redis.call('HDEL', KEYS[1], 'dueAt', 'heldCode', 'heldReason')
reindex(KEYS[4], in_find(before, id), in_find(after, id))
reindex(KEYS[5], in_recover(before, id), in_recover(after, id))
return 1`,
);
