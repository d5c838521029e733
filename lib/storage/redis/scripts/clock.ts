/** The server's own clock in milliseconds since the epoch. It stands still while a script runs. */
export const NOW = `(function() local t = redis.call('TIME') return t[1] * 1000 + math.floor(t[2] / 1000) end)()`;

/**
 * `now`, as a number, and `text(number)`: Lua shortens numbers of more than 14 digits where it makes texts of them by itself.
 * `stamp(number)` is a time as it sorts by name.
 */
export const CLOCK = `
local now = ${NOW}
local function text(number) return string.format('%.0f', number) end
local function stamp(number) return string.format('%015.0f', number) end`;
