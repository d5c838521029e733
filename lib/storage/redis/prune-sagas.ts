import type { PruneQuery } from '../saga-queries.js';
import { isFinal } from '../saga-record.js';
import { memberId } from './index-ranges.js';
import { resultOf, type RedisConnection } from './redis-connection.js';
import { PRUNABLE_SAGAS } from './scripts/prunable-sagas.js';
import { PRUNE_SAGA } from './scripts/prune-saga.js';

const DEFAULT_LIMIT = 1000;

/** So many are looked at, and deleted, in one round trip: each by a script of its own, so that nobody waits for long in between. */
const BATCH = 100;

/** Deletes finished sagas, each whole, so that nobody meets a half of one. */
export async function pruneSagas(connection: RedisConnection, query: PruneQuery): Promise<number> {
  const { status = ['COMPLETED', 'FAILED'], olderThan, limit = DEFAULT_LIMIT } = query;
  let deleted = 0;
  for (const one of new Set([status].flat())) {
    if (isFinal(one)) deleted += await pruneStatus(connection, { status: one, olderThan, limit: limit - deleted });
  }
  return deleted;
}

interface StatusPrune {
  readonly status: string;
  readonly olderThan: number;
  readonly limit: number;
}

async function pruneStatus(connection: RedisConnection, { status, olderThan, limit }: StatusPrune): Promise<number> {
  const { find, recover, requested, saga } = connection.keys;
  let deleted = 0;
  let last = '';
  while (deleted < limit) {
    const size = Math.min(BATCH, limit - deleted);
    const page = { script: PRUNABLE_SAGAS, keys: [find], args: [status, olderThan, last, size] };
    const members = (await connection.run(page)) as readonly string[];
    const answers = await connection.runAll(
      members.map(memberId).map((id) => {
        const { head, log, requests } = saga(id);
        return {
          script: PRUNE_SAGA,
          keys: [head, log, requests, find, recover, requested],
          args: [id, status, olderThan],
        };
      }),
    );
    deleted += answers.filter((answer) => resultOf(answer) === 1).length;
    last = members.at(-1) ?? '';
    if (members.length < size) break;
  }
  return deleted;
}
