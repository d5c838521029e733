import { redisScript } from '../redis-script.js';
import { APPEND_TRANSITION } from './append-transition.js';
import { CHANGE_SAGA } from './change-saga.js';
import { CLOCK } from './clock.js';
import { CREATE_SAGA } from './create-saga.js';
import { FINISH_SAGA } from './finish-saga.js';
import { SAGA_INDEXES } from './saga-indexes.js';
import { UNREAD_REQUESTS } from './unread-requests.js';

/**
 * Writes to many sagas, each for itself: one that fails takes none of the others along. Redis does not roll back what a script has done when
 * it fails half-way, so each write checks everything before it changes anything; and its first change, RPUSH, is the one
 * that is refused where memory is full.
 *
 * KEYS: find, recover, requested; then for each write: head, log, requests. ARGV: for each write its kind, how many arguments it has,
 * and those.
 */
export const WRITE_SAGAS = redisScript(
  CLOCK,
  'local FIND, RECOVER, REQUESTED = KEYS[1], KEYS[2], KEYS[3]',
  SAGA_INDEXES,
  UNREAD_REQUESTS,
  CREATE_SAGA,
  APPEND_TRANSITION,
  FINISH_SAGA,
  CHANGE_SAGA,
  `
local KINDS = { create = create_saga, append = append_transition, finish = finish_saga, change = change_saga }
local answers = {}
local arg = 1
for key = 4, #KEYS, 3 do
  local first, last = arg + 2, arg + 1 + ARGV[arg + 1]
  local done, answer = pcall(KINDS[ARGV[arg]], KEYS[key], KEYS[key + 1], KEYS[key + 2], unpack(ARGV, first, last))
  if not done then
    local said = type(answer) == 'table' and answer.err or tostring(answer)
    if string.find(said, 'READONLY ', 1, true) then return redis.error_reply(said) end
    answer = { 'error', said }
  end
  answers[#answers + 1] = answer
  arg = last + 1
end
return answers`,
);
