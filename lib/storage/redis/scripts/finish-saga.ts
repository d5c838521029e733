/**
 * The last row of most logs: the saga becomes final, has no worker any more, and is due no more. What `change_saga` would do of it, without
 * comparing what never differs: every saga comes here once.
 */
export const FINISH_SAGA = `
local function finish_saga(
  head_key, log_key, requests_key, id, read_version, version, read_seq, seq, row, write_id, known, status, ...
)
  local head = redis.call('HMGET', head_key, 'version', 'seq', 'at', 'createdAt', 'status', 'heldCode', 'name', 'worker',
    'dueAt', 'planHash', 'updatedAt')
  if head[1] ~= read_version or head[2] ~= read_seq then return { 'conflict' } end
  local requests = unread_requests(requests_key, known)
  if requests then return requests end

  local at = text(math.max(now, head[3]))
  local tail = '\\0' .. stamp(head[4]) .. id
  local held, name, worker, due = head[6], head[7], head[8], head[9]
  redis.call('RPUSH', log_key, at .. row)
  redis.call('HSET', head_key, 'version', version, 'seq', seq, 'at', at, 'writeId', write_id, 'status', status,
    'updatedAt', at, ...)
  if worker or due then redis.call('HDEL', head_key, 'worker', 'dueAt') end
  if status ~= head[5] then
    redis.call('ZADD', FIND, 0, 's' .. status .. tail)
    redis.call('ZREM', FIND, 's' .. head[5] .. tail)
  end
  if held then
    redis.call('ZREM', RECOVER, 'p' .. name .. '\\0' .. head[10] .. '\\0' .. id)
  else
    redis.call('ZREM', RECOVER, 'o' .. (worker or '') .. '\\0' .. name .. '\\0' .. since(due, head[11]) .. id)
  end
  return { 'written', at }
end`;
