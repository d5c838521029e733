import type { CreateResult, TransitionResult } from '../saga-changes.js';
import { boundStatement, listOf, type BoundStatement } from './bound-statement.js';
import { updateHeads } from './change-head.js';
import { NEW_HEAD_COLUMNS, NEW_ROW_COLUMNS, headValues, insertRows, rowValues } from './insert-rows.js';
import type { MysqlConnection, MysqlSession } from './mysql-connection.js';
import { packets } from './packets.js';
import { readPlaces, type Places } from './read-places.js';
import type { SagaAppend, SagaCreation, SagaWrite } from './saga-write.js';

/** What became of a write. */
export type WriteResult = CreateResult | TransitionResult;

/**
 * Writes what can be written of a batch, in one transaction: locks the heads that change, looks what stands where the batch wants to
 * write, and writes. Heads before rows, each in the order of their ids, so that no two batches wait for each other.
 *
 * Nobody can ask an operator's request of a locked head any more, and the look under the locks shows those that were asked before.
 * Whoever takes a place between the look and the INSERT makes it fail, and everything is done again.
 */
export function writeBatch(connection: MysqlConnection, batch: readonly SagaWrite[]): Promise<readonly WriteResult[]> {
  const sorted = [...batch].sort((a, b) => Buffer.compare(Buffer.from(a.row.sagaId), Buffer.from(b.row.sagaId)));
  return connection.transaction(async (session) => {
    for (const { text, values } of lockHeads(connection.tables.heads, sorted)) await session.allOnce(text, ...values);
    const results = await writeUnderLocks(session, connection, sorted);
    return batch.map((write) => results.get(write) as WriteResult);
  });
}

/** Looks and writes, where the heads are locked by now; in the order of the batch. */
export async function writeUnderLocks(
  session: MysqlSession,
  connection: MysqlConnection,
  batch: readonly SagaWrite[],
): Promise<ReadonlyMap<SagaWrite, WriteResult>> {
  const places = await readPlaces(session, { tables: connection.tables, batch });
  const results = new Map(batch.map((write) => [write, judge(write, places)]));
  const accepted = batch.flatMap((write) => {
    const result = results.get(write);
    return result !== undefined && 'at' in result ? [{ write, at: result.at.getTime() }] : [];
  });
  for (const { text, values } of writeStatements(connection, accepted)) await session.allOnce(text, ...values);
  return results;
}

function lockHeads(heads: string, batch: readonly SagaWrite[]): readonly BoundStatement[] {
  const changing = batch.filter((write) => write.kind === 'append' && write.change !== undefined);
  if (changing.length === 0) return [];
  const ids = changing.map(({ row }) => row.sagaId);
  return [boundStatement((bind) => `SELECT 1 FROM ${heads} WHERE id IN ${listOf(bind, ids)} ORDER BY id FOR UPDATE`)];
}

function judge(write: SagaWrite, places: Places): WriteResult {
  return write.kind === 'creation' ? judgeCreation(write, places) : judgeAppend(write, places);
}

function judgeCreation({ row }: SagaCreation, { now, nameOf }: Places): CreateResult {
  const name = nameOf(row.sagaId);
  return name === undefined ? { outcome: 'created', at: new Date(now) } : { outcome: 'exists', name };
}

/**
 * A writer that is late hears so, whatever else there is to hear. Time never runs backwards within a log, even if it does on the
 * server.
 */
function judgeAppend({ row, known }: SagaAppend, { now, timeOf, requestsOf }: Places): TransitionResult {
  const { sagaId, version } = row;
  const previous = timeOf(sagaId, version - 1);
  if (previous === undefined || timeOf(sagaId, version) !== undefined) return { outcome: 'conflict' };
  const unread = requestsOf(sagaId).filter(({ id }) => !known.includes(id));
  if (unread.length > 0) return { outcome: 'requested', requests: unread };
  return { outcome: 'written', at: new Date(Math.max(now, previous)) };
}

/** A write with its time, in milliseconds since the epoch. */
export interface TimedWrite {
  readonly write: SagaWrite;
  readonly at: number;
}

/** What writes them, each table's rows together. */
export function writeStatements(
  { tables, maxPacket }: MysqlConnection,
  writes: readonly TimedWrite[],
): readonly BoundStatement[] {
  const { heads, log, requests } = tables;
  const newHeads = writes.flatMap(({ write, at }) => (write.kind === 'creation' ? [headValues(write.head, at)] : []));
  const newRows = writes.map(({ write, at }) => rowValues(write.row, at));
  const updates = writes.flatMap(({ write, at }) =>
    write.kind === 'append' && write.change !== undefined ? [{ update: write.change, at }] : [],
  );
  const answered = writes.flatMap(({ write }) =>
    write.kind === 'append' ? write.answered.map((id) => ({ sagaId: write.row.sagaId, id })) : [],
  );
  return [
    ...insertRows({ into: heads, columns: NEW_HEAD_COLUMNS, rows: newHeads, maxPacket }),
    ...insertRows({ into: log, columns: NEW_ROW_COLUMNS, rows: newRows, maxPacket }),
    ...packets(updates, { maxPacket, valuesOf: ({ update }) => Object.values(update.columns) }).flatMap((part) =>
      updateHeads(heads, part),
    ),
    ...answered.map(({ sagaId, id }) =>
      boundStatement((bind) => `DELETE FROM ${requests} WHERE saga_id = ${bind(sagaId)} AND id = ${bind(id)}`),
    ),
  ];
}
