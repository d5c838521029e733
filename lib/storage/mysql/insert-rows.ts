import { LOG_FORMAT } from '../rows/saga-rows.js';
import type { NewRow } from '../rows/new-row.js';
import { boundStatement, listOf, type BoundStatement, type Operand } from './bound-statement.js';
import type { NewHead } from './create-saga.js';
import type { Moment } from './database-clock.js';
import { packets } from './packets.js';

/** Rows of a table, with the values of each in the order of `columns`. */
export interface RowInsert {
  readonly into: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Operand[])[];
  readonly maxPacket: number;
}

/** As many statements as it takes, mostly one. A row that is there already fails its statement: this is the fence. */
export function insertRows({ into, columns, rows, maxPacket }: RowInsert): readonly BoundStatement[] {
  return packets(rows, { maxPacket, valuesOf: (row) => row }).map((part) =>
    boundStatement((bind) => {
      const values = part.map((row) => listOf(bind, row)).join(', ');
      return `INSERT INTO ${into} (${columns.join(', ')}) VALUES ${values}`;
    }),
  );
}

export const NEW_HEAD_COLUMNS = [
  'id',
  'name',
  'definition_version',
  'status',
  'worker',
  'plan_hash',
  'plan',
  'created_at',
  'updated_at',
];

/** A new head at a time, in the order of {@link NEW_HEAD_COLUMNS}. */
export function headValues(head: NewHead, at: Moment): readonly Operand[] {
  const { id, name, definition_version: version, status, worker, plan_hash: planHash, plan } = head;
  return [id, name, version, status, worker, planHash, plan, at, at];
}

export const NEW_ROW_COLUMNS = [
  'saga_id',
  'version',
  'format',
  'write_id',
  'worker',
  'at',
  'first_seq',
  'last_seq',
  'entries',
  'context',
  'snapshot',
];

/** A new row of the log at a time, in the order of {@link NEW_ROW_COLUMNS}. */
export function rowValues(row: NewRow, at: Moment): readonly Operand[] {
  const { sagaId, version, writeId, worker, firstSeq, lastSeq, entries, context, snapshot } = row;
  return [sagaId, version, LOG_FORMAT, writeId, worker, at, firstSeq, lastSeq, entries, context, snapshot];
}
