import { redisScript } from '../redis-script.js';
import { CLOCK } from './clock.js';
import { SAGA_INDEXES } from './saga-indexes.js';

/**
 * Deletes a saga, whole, if it has been finished for long enough; tells whether it did.
 *
 * KEYS: head, log, requests, find, recover, requested. ARGV: id, status, milliseconds.
 */
export const PRUNE_SAGA = redisScript(
  CLOCK,
  SAGA_INDEXES,
  `
local head = read_head(KEYS[1])
if not head.status or not FINAL[head.status] or head.status ~= ARGV[2] then return 0 end
if tonumber(head.updatedAt) >= now - ARGV[3] then return 0 end
reindex(KEYS[4], in_find(head, ARGV[1]), {})
reindex(KEYS[5], in_recover(head, ARGV[1]), {})
redis.call('SREM', KEYS[6], ARGV[1])
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
return 1`,
);
