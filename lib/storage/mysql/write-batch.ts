import type { CreateResult, TransitionResult } from '../saga-changes.js';
import { boundStatement, listOf, type BoundStatement } from './bound-statement.js';
import { rowValues } from './insert-rows.js';
import type { MysqlConnection, MysqlSession } from './mysql-connection.js';
import { packets } from './packets.js';
import { readPlaces, type Places } from './read-places.js';
import type { SagaAppend, SagaCreation, SagaWrite } from './saga-write.js';
import { writeBlock, type BlockRow } from './write-block.js';
import { writeStatements } from './write-statements.js';

/** What became of a write. */
export type WriteResult = CreateResult | TransitionResult;

/** Writes what can be written of a batch: as one block, where the server takes it and nothing is in the way; else step by step. */
export async function writeBatch(
  connection: MysqlConnection,
  batch: readonly SagaWrite[],
): Promise<readonly WriteResult[]> {
  const sorted = [...batch].sort((a, b) => (a.row.sagaId < b.row.sagaId ? -1 : 1));
  const at = await writeAtOnce(connection, sorted);
  if (at !== undefined) return batch.map(({ kind }) => ({ outcome: kind === 'creation' ? 'created' : 'written', at }));
  const results = await writeStepByStep(connection, sorted);
  return batch.map((write) => results.get(write) as WriteResult);
}

/** When everything was written; `undefined`: nothing was. */
async function writeAtOnce(connection: MysqlConnection, batch: readonly SagaWrite[]): Promise<Date | undefined> {
  const block = connection.takesBlocks ? writeBlock(connection, batch) : undefined;
  const [row] = (block && (await connection.tryBlock<BlockRow>(block))) ?? [];
  return row && new Date(row.at);
}

/**
 * Locks the heads that change, looks what stands where the batch wants to write, and writes what can be written: in one transaction,
 * but for rows that one INSERT adds, which commits by itself. Heads before rows, each in the order of their ids, so that no two batches
 * wait for each other.
 *
 * Nobody can ask an operator's request of a locked head any more, and the look under the locks shows those that were asked before.
 * Whoever takes a place between the look and the INSERT makes it fail, and everything is done again.
 */
function writeStepByStep(
  connection: MysqlConnection,
  batch: readonly SagaWrite[],
): Promise<ReadonlyMap<SagaWrite, WriteResult>> {
  if (isOneInsert(connection, batch))
    return connection.eachAlone((session) => writeUnderLocks(session, connection, batch));
  return connection.transaction(async (session) => {
    for (const { text, values } of lockHeads(connection.tables.heads, batch)) await session.allOnce(text, ...values);
    return writeUnderLocks(session, connection, batch);
  });
}

/** Whether all that there is to write are rows of logs that are there, and fit into one statement. */
function isOneInsert({ maxPacket }: MysqlConnection, batch: readonly SagaWrite[]): boolean {
  const onlyAdds = batch.every(
    (write) => write.kind === 'append' && write.change === undefined && write.answered.length === 0,
  );
  return onlyAdds && packets(batch, { maxPacket, valuesOf: ({ row }) => rowValues(row, 0) }).length === 1;
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
