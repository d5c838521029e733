import type { LoadedSaga } from '../saga-record.js';
import type { ClaimQuery } from '../saga-queries.js';
import { isStorable, storable } from '../rows/storable.js';
import { loadSagas } from './load-saga.js';
import { resultOf, type RedisConnection } from './redis-connection.js';
import type { RedisCommand } from './redis-client.js';
import type { ScriptCall } from './redis-script.js';
import { rowTail } from './saga-row.js';
import { CLAIMABLE_SAGAS } from './scripts/claimable-sagas.js';
import { TAKE_OVER_SAGA } from './scripts/take-over-saga.js';

/** Several workers look for the same sagas at the same time. So that each finds some, they look for more than they take. */
const CANDIDATES_PER_CLAIM = 4;

/** A saga that may qualify, with what never changes of it. */
interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly planHash: string;
}

/**
 * Takes over what qualifies. Looks first, since most polls find nothing; then takes what it found saga by saga, each in a script that looks
 * again: what a script touches has to be named beforehand, and no script should hold up the server for many sagas.
 */
export async function claimSagas(connection: RedisConnection, query: ClaimQuery): Promise<readonly LoadedSaga[]> {
  const worker = storable('worker', query.worker);
  const candidates = await findCandidates(connection, query);
  const taken: string[] = [];
  for (let i = 0; i < candidates.length && taken.length < query.limit;) {
    const batch = candidates.slice(i, i + query.limit - taken.length);
    i += batch.length;
    taken.push(...(await takeOver(connection, batch, { ...query, worker })));
  }
  return loadSagas(connection, taken);
}

/** Those of a known name, in the order in which they are to be taken, each once. */
async function findCandidates(connection: RedisConnection, query: ClaimQuery): Promise<readonly Candidate[]> {
  const found = query.ids?.filter(isStorable) ?? (await findRecoverable(connection, query));
  const ids = [...new Set(found)];
  const names = new Set(query.definitions.map(({ name }) => name));
  const answers = await connection.sendAll(
    ids.map((id): RedisCommand => ['hmget', connection.keys.saga(id).head, 'name', 'planHash', 'dueAt', 'updatedAt']),
  );
  const candidates = ids.flatMap((id, i) => {
    const [name, planHash, dueAt, updatedAt] = resultOf(answers[i]) as readonly (string | null)[];
    return name != null && planHash != null && names.has(name)
      ? [{ id, name, planHash, since: Number(dueAt ?? updatedAt) }]
      : [];
  });
  return query.ids === undefined ? candidates : candidates.sort((one, other) => one.since - other.since);
}

async function findRecoverable(connection: RedisConnection, query: ClaimQuery): Promise<readonly string[]> {
  const { recover, workers, requested } = connection.keys;
  const { definitions, goneWorkers = [], ignoreDue = false, limit } = query;
  const ids = await connection.run({
    script: CLAIMABLE_SAGAS,
    keys: [recover, workers, requested],
    args: [
      limit * CANDIDATES_PER_CLAIM,
      ignoreDue ? 'early' : 'due',
      definitions.length,
      ...definitions.flatMap(({ name, planHash }) => [name, planHash]),
      ...goneWorkers,
    ],
  });
  return ids as readonly string[];
}

/** The ids of those that were taken. What fails is a fault of the server; what was taken then is found again by its log. */
async function takeOver(
  connection: RedisConnection,
  candidates: readonly Candidate[],
  query: ClaimQuery,
): Promise<readonly string[]> {
  const answers = await connection.runAll(candidates.map((candidate) => takeOverCall(connection, candidate, query)));
  return candidates.flatMap(({ id }, i) => (resultOf(answers[i]) === 1 ? [id] : []));
}

function takeOverCall({ keys }: RedisConnection, { id, name, planHash }: Candidate, query: ClaimQuery): ScriptCall {
  const { worker, definitions, goneWorkers = [], ids, ignoreDue } = query;
  const { head, log, requests } = keys.saga(id);
  const asked = ids !== undefined;
  const writeId = crypto.randomUUID();
  const entries = JSON.stringify([{ event: 'claimed', ...(asked && { asked }) }]);
  const knowsPlan = definitions.some((known) => known.name === name && known.planHash === planHash);
  return {
    script: TAKE_OVER_SAGA,
    keys: [head, log, requests, keys.find, keys.recover, keys.workers],
    args: [
      ...[id, worker, asked ? 'asked' : ignoreDue ? 'early' : 'due', name, planHash, knowsPlan ? '1' : '0'],
      ...[rowTail({ writeId, worker, entries }), writeId, ...goneWorkers],
    ],
  };
}
