import type { LogEntry } from '../log-entry.js';
import type { LoadedSaga } from '../saga-record.js';
import { toEntries, toLoadedSaga } from '../rows/saga-rows.js';
import { isStorable } from '../rows/storable.js';
import { resultOf, type RedisConnection } from './redis-connection.js';
import { headOfPairs, toHeadRow } from './saga-head.js';
import { toLogRow } from './saga-row.js';
import { LOAD_HISTORY } from './scripts/load-history.js';
import { LOAD_SAGA } from './scripts/load-saga.js';

type SagaAnswer = readonly [head: string[], rows: string[], requests: string[], now: string] | null;

/** The saga of this id. */
export async function loadSaga(connection: RedisConnection, id: string): Promise<LoadedSaga | undefined> {
  const [saga] = await loadSagas(connection, [id]);
  return saga;
}

/** Those that there are of these ids, in their order. */
export async function loadSagas(connection: RedisConnection, ids: readonly string[]): Promise<readonly LoadedSaga[]> {
  const storable = ids.filter(isStorable);
  const answers = await connection.runAll(
    storable.map((id) => {
      const { head, log, requests } = connection.keys.saga(id);
      return { script: LOAD_SAGA, keys: [head, log, requests], args: [] };
    }),
  );
  return storable.flatMap((id, i) => {
    const saga = resultOf(answers[i]) as SagaAnswer;
    return saga === null ? [] : [toSaga(id, saga)];
  });
}

/** The entries behind `after`. */
export async function loadHistory(
  connection: RedisConnection,
  id: string,
  after: number,
): Promise<readonly LogEntry[]> {
  if (!isStorable(id)) return [];
  const { log } = connection.keys.saga(id);
  const answer = await connection.run({ script: LOAD_HISTORY, keys: [log], args: [after] });
  const [first, rows] = answer as readonly [first: number, rows: string[]];
  return rows.flatMap((row, i) => toEntries(id, toLogRow(row, first + i))).filter(({ seq }) => seq > after);
}

/** The head keeps count of version and seq, so that a saga whose rows are damaged can still be written to. */
function toSaga(id: string, [pairs, rows, requests, now]: NonNullable<SagaAnswer>): LoadedSaga {
  const fields = headOfPairs(pairs);
  const head = toHeadRow(id, fields);
  const first = Math.max(head.snapshot_version, 1);
  const version = Number(fields.version);
  const log = rows.map((row, i) => ({
    ...toLogRow(row, first + i),
    snapshot: i === 0 && head.snapshot_version > 0 ? (fields.snapshot ?? null) : null,
    context: i === rows.length - 1 && first + i === version ? (fields.context ?? null) : null,
  }));
  const loaded = toLoadedSaga({
    head,
    log,
    requests: requests.map((request) => ({ request: request.slice(request.indexOf('\0') + 1) })),
    now: Number(now),
  });
  return {
    ...loaded,
    record: { ...loaded.record, version, seq: Number(fields.seq) },
    writeId: fields.writeId ?? '',
  };
}
