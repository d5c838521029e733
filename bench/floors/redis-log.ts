import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { OrderStep } from '../order-saga.js';
import { FLOOR_WORKER, type AppendRow, type FloorRow } from './order-log.js';

/**
 * One call for each transition: fenced by the version in the head, a row of the log, the context, and where that changes, the head
 * and the set by which recovery finds the sagas of workers that are gone. No other index, no requests.
 *
 * KEYS: head, log, unfinished. ARGV: version before, id, change, row, version, context, then fields of the head.
 */
const APPEND = `
local version = redis.call('HGET', KEYS[1], 'version') or '0'
if version ~= ARGV[1] then return 0 end
local t = redis.call('TIME')
redis.call('RPUSH', KEYS[2], t[1] .. t[2] .. ARGV[4])
redis.call('HSET', KEYS[1], 'version', ARGV[5], 'context', ARGV[6], unpack(ARGV, 7))
if ARGV[3] == 'created' then redis.call('ZADD', KEYS[3], 0, ARGV[2]) end
if ARGV[3] == 'completed' or ARGV[3] == 'failed' then redis.call('ZREM', KEYS[3], ARGV[2]) end
return 1`;

const SHA = createHash('sha1').update(APPEND).digest('hex');

const STATUS = { turned: 'COMPENSATING', completed: 'COMPLETED', failed: 'FAILED' } as const;

interface Waiting {
  readonly row: FloorRow;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Rows that meet are sent together; whoever finds the place taken is told so. */
export async function inRedisPipelines(client: Redis, steps: readonly OrderStep[]): Promise<AppendRow> {
  await client.script('LOAD', APPEND);
  const plan = JSON.stringify(steps.map(({ name }) => ({ step: name, kind: 'compensatable' })));
  let waiting: Waiting[] = [];

  const send = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    const answers = await client.pipeline(batch.map(({ row }) => callOf(row, plan))).exec();
    for (const [i, { row, resolve, reject }] of batch.entries()) {
      const [error, written] = answers?.[i] ?? [new Error('no answer')];
      if (error) reject(error);
      else if (written === 1) resolve();
      else reject(new Error(`saga ${row.sagaId} has a version ${row.version} already`));
    }
  };
  return (row) =>
    new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject });
      if (waiting.length === 1) setImmediate(() => void send());
    });
}

function callOf(
  { sagaId, version, writeId, firstSeq, lastSeq, entries, context, changes, error }: FloorRow,
  plan: string,
) {
  const row = ` ${firstSeq} ${lastSeq} {"writeId":"${writeId}","worker":"${FLOOR_WORKER}"}\n${entries}`;
  return [
    ...['evalsha', SHA, 3, `{floor}:head:${sagaId}`, `{floor}:log:${sagaId}`, '{floor}:unfinished'],
    ...[version - 1, sagaId, changes ?? '', row, version, context],
    ...headOf(changes, { plan, error }),
  ];
}

function headOf(
  changes: FloorRow['changes'],
  { plan, error }: { readonly plan: string; readonly error: string | undefined },
): readonly string[] {
  if (changes === undefined) return [];
  if (changes !== 'created') return ['status', STATUS[changes], ...(error === undefined ? [] : ['error', error])];
  const fixed = ['name', 'order', 'planHash', '0123456789abcdef', 'plan', plan];
  return ['status', 'RUNNING', 'worker', FLOOR_WORKER, ...fixed];
}
