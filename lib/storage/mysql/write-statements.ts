import { boundStatement, type BoundStatement } from './bound-statement.js';
import { updateHeads } from './change-head.js';
import type { Moment } from './database-clock.js';
import { NEW_HEAD_COLUMNS, NEW_ROW_COLUMNS, headValues, insertRows, rowValues } from './insert-rows.js';
import type { MysqlConnection } from './mysql-connection.js';
import { packets } from './packets.js';
import type { SagaWrite } from './saga-write.js';

/** A write with its time. */
export interface TimedWrite {
  readonly write: SagaWrite;
  readonly at: Moment;
}

/** What makes these writes, each table's rows together: heads before rows. */
export function writeStatements(connection: MysqlConnection, writes: readonly TimedWrite[]): readonly BoundStatement[] {
  return [...changeHeads(connection, writes), ...addRows(connection, writes)];
}

/** What these writes change in heads that are there. */
export function changeHeads(
  { tables, maxPacket }: MysqlConnection,
  writes: readonly TimedWrite[],
): readonly BoundStatement[] {
  const updates = writes.flatMap(({ write, at }) =>
    write.kind === 'append' && write.change !== undefined ? [{ update: write.change, at }] : [],
  );
  return packets(updates, { maxPacket, valuesOf: ({ update }) => Object.values(update.columns) }).flatMap((part) =>
    updateHeads(tables.heads, part),
  );
}

/** New heads and rows; requests that are answered go. */
export function addRows(
  { tables, maxPacket }: MysqlConnection,
  writes: readonly TimedWrite[],
): readonly BoundStatement[] {
  const { heads, log, requests } = tables;
  const newHeads = writes.flatMap(({ write, at }) => (write.kind === 'creation' ? [headValues(write.head, at)] : []));
  const newRows = writes.map(({ write, at }) => rowValues(write.row, at));
  const answered = writes.flatMap(({ write }) =>
    write.kind === 'append' ? write.answered.map((id) => ({ sagaId: write.row.sagaId, id })) : [],
  );
  return [
    ...insertRows({ into: heads, columns: NEW_HEAD_COLUMNS, rows: newHeads, maxPacket }),
    ...insertRows({ into: log, columns: NEW_ROW_COLUMNS, rows: newRows, maxPacket }),
    ...answered.map(({ sagaId, id }) =>
      boundStatement((bind) => `DELETE FROM ${requests} WHERE saga_id = ${bind(sagaId)} AND id = ${bind(id)}`),
    ),
  ];
}
