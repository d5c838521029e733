/**
 * Head and first row of a new saga, unless the id is taken. Its places in the indexes come ready made, but for the time; `...` are the
 * fields of the head.
 */
export const CREATE_SAGA = `
local function create_saga(head_key, log_key, _, id, row, status_place, name_place, in_recover, ...)
  local name = redis.call('HGET', head_key, 'name')
  if name then return { 'exists', name } end

  local at = text(now)
  local tail = stamp(now) .. id
  redis.call('RPUSH', log_key, at .. row)
  redis.call('HSET', head_key, 'at', at, 'createdAt', at, 'updatedAt', at, ...)
  redis.call('ZADD', FIND, 0, status_place .. tail, 0, name_place .. tail)
  if in_recover ~= '' then redis.call('ZADD', RECOVER, 0, in_recover .. tail) end
  return { 'created', at }
end`;
