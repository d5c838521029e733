/**
 * `unread()` gives the answer to a writer that has not read all of the operators' requests. It is asked for before anything is written:
 * Redis does not roll back what a script has done when it fails half-way, so everything is checked first.
 *
 * KEYS: head, log, requests … ARGV: the version that was read, the version to write, the last seq so far, the last seq of this write,
 * the row without its time, the write's id, how many requests are known, those …
 */
export const FENCE = `
local KNOWN = tonumber(ARGV[7])

local function unread()
  if redis.call('EXISTS', KEYS[3]) == 0 then return nil end
  local known = {}
  for i = 8, 7 + KNOWN do known[ARGV[i]] = true end
  local answer = { 'requested' }
  for _, request in ipairs(redis.call('LRANGE', KEYS[3], 0, -1)) do
    local id, json = string.match(request, '^([^%z]*)%z(.*)$')
    if not known[id] then answer[#answer + 1] = json end
  end
  return #answer > 1 and answer or nil
end`;
