/** The answer to a writer that has not read all of the operators' requests; nothing when it has. `known` are ids, NUL between them. */
export const UNREAD_REQUESTS = `
local function unread_requests(requests_key, known)
  if redis.call('EXISTS', requests_key) == 0 then return nil end
  local is_known = {}
  for id in string.gmatch(known, '[^%z]+') do is_known[id] = true end
  local answer = { 'requested' }
  for _, request in ipairs(redis.call('LRANGE', requests_key, 0, -1)) do
    local id, json = string.match(request, '^([^%z]*)%z(.*)$')
    if not is_known[id] then answer[#answer + 1] = json end
  end
  return #answer > 1 and answer or nil
end`;
