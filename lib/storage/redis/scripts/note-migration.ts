import { redisScript } from '../redis-script.js';

/**
 * Notes that a migration has run, if it is the next one; tells the newest.
 *
 * KEYS: schema. ARGV: the number of the migration.
 */
export const NOTE_MIGRATION = redisScript(`
local newest = tonumber(redis.call('GET', KEYS[1]) or 0)
if newest ~= ARGV[1] - 1 then return newest end
redis.call('SET', KEYS[1], ARGV[1])
return tonumber(ARGV[1])`);
