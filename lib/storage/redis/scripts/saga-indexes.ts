/**
 * The two indexes. Both are sorted sets whose members all have the score 0, so that they are sorted by name, byte by byte. NUL ends each
 * part of a name; no name that is stored has one.
 *
 * `find`, newest last, a time being 15 digits:
 *
 *     s <status> NUL <created at> <id>            n <name> NUL <created at> <id>
 *     f <failed step> NUL <created at> <id>       e NUL <created at> <id>           has an error
 *     h NUL <created at> <id>       parked        p <code> NUL <created at> <id>    parked so
 *
 * `recover`, unfinished sagas only, so that its size does not depend on finished ones:
 *
 *     o <worker, or nothing> NUL <name> NUL d <due at> <id>       not parked, with a due time
 *     o <worker, or nothing> NUL <name> NUL a <updated at> <id>   not parked, due at any time; its head has not changed since
 *     p <name> NUL <plan hash> NUL <id>                           parked until code of that plan comes
 */
export const SAGA_INDEXES = `
local FINAL = { COMPLETED = true, FAILED = true }
local LACKS_CODE = { ['definition-changed'] = true, ['handler-missing'] = true }

local FIELDS = { 'version', 'seq', 'at', 'name', 'planHash', 'createdAt', 'updatedAt', 'status', 'worker', 'dueAt',
  'heldCode', 'failedStep', 'error', 'writeId' }

local function read_head(key)
  local values = redis.call('HMGET', key, unpack(FIELDS))
  local head = {}
  for i, field in ipairs(FIELDS) do head[field] = values[i] or nil end
  return head
end

local function in_find(head, id)
  local tail = '\\0' .. stamp(head.createdAt) .. id
  local names = { 's' .. head.status .. tail, 'n' .. head.name .. tail }
  if head.failedStep then names[#names + 1] = 'f' .. head.failedStep .. tail end
  if head.error then names[#names + 1] = 'e' .. tail end
  if head.heldCode then
    names[#names + 1] = 'h' .. tail
    names[#names + 1] = 'p' .. head.heldCode .. tail
  end
  return names
end

local function since(due_at, updated_at)
  return due_at and 'd' .. stamp(due_at) or 'a' .. stamp(updated_at)
end

local function in_recover(head, id)
  if FINAL[head.status] then return {} end
  if not head.heldCode then
    return { 'o' .. (head.worker or '') .. '\\0' .. head.name .. '\\0' .. since(head.dueAt, head.updatedAt) .. id }
  end
  if not LACKS_CODE[head.heldCode] then return {} end
  return { 'p' .. head.name .. '\\0' .. head.planHash .. '\\0' .. id }
end

-- Turns the members that are there into those that should be there.
local function reindex(key, before, after)
  local old, add, remove = {}, {}, {}
  for _, name in ipairs(before) do old[name] = true end
  for _, name in ipairs(after) do
    if old[name] then old[name] = nil else add[#add + 1] = 0; add[#add + 1] = name end
  end
  for name in pairs(old) do remove[#remove + 1] = name end
  if #add > 0 then redis.call('ZADD', key, unpack(add)) end
  if #remove > 0 then redis.call('ZREM', key, unpack(remove)) end
end`;
