/**
 * The next row of a log, where the head only counts on: the way of most writes, and so the shortest one. `...` are fields of the head
 * that are set as they come (context, snapshot).
 */
export const APPEND_TRANSITION = `
local function append_transition(
  head_key, log_key, requests_key, _, read_version, version, read_seq, seq, row, write_id, known, ...
)
  local head = redis.call('HMGET', head_key, 'version', 'seq', 'at')
  if head[1] ~= read_version or head[2] ~= read_seq then return { 'conflict' } end
  local requests = unread_requests(requests_key, known)
  if requests then return requests end

  local at = text(math.max(now, head[3]))
  redis.call('RPUSH', log_key, at .. row)
  redis.call('HSET', head_key, 'version', version, 'seq', seq, 'at', at, 'writeId', write_id, ...)
  return { 'written', at }
end`;
