/**
 * The next row of a log, together with whatever changes in the head, its places in the indexes, and the requests that it answers.
 * `moves` is '1' where the head changes, `due_in` is milliseconds or nothing, `cleared` are names of fields and `answered` ids of
 * requests, NUL between them; `...` are the fields that are set.
 */
export const CHANGE_SAGA = `
local function change_saga(
  head_key, log_key, requests_key, id, read_version, version, read_seq, seq, row, write_id, known,
  moves, due_in, cleared, answered, ...
)
  local before = read_head(head_key)
  if before.version ~= read_version or before.seq ~= read_seq then return { 'conflict' } end
  local requests = unread_requests(requests_key, known)
  if requests then return requests end

  local at = text(math.max(now, before.at))
  local after = {}
  for field, value in pairs(before) do after[field] = value end
  local set = { 'version', version, 'seq', seq, 'at', at, 'writeId', write_id, ... }
  if due_in ~= '' then set[#set + 1] = 'dueAt'; set[#set + 1] = text(at + due_in) end
  if moves == '1' then set[#set + 1] = 'updatedAt'; set[#set + 1] = at end
  for i = 1, #set, 2 do after[set[i]] = set[i + 1] end
  local gone = {}
  for field in string.gmatch(cleared, '[^%z]+') do
    after[field] = nil
    gone[#gone + 1] = field
  end

  redis.call('RPUSH', log_key, at .. row)
  redis.call('HSET', head_key, unpack(set))
  if #gone > 0 then redis.call('HDEL', head_key, unpack(gone)) end
  reindex(FIND, in_find(before, id), in_find(after, id))
  reindex(RECOVER, in_recover(before, id), in_recover(after, id))

  if answered ~= '' and redis.call('EXISTS', requests_key) == 1 then
    local is_answered = {}
    for request in string.gmatch(answered, '[^%z]+') do is_answered[request] = true end
    for _, request in ipairs(redis.call('LRANGE', requests_key, 0, -1)) do
      if is_answered[string.match(request, '^([^%z]*)')] then redis.call('LREM', requests_key, 1, request) end
    end
    if redis.call('EXISTS', requests_key) == 0 then redis.call('SREM', REQUESTED, id) end
  end
  return { 'written', at }
end`;
