import type { HeadChange } from '../saga-changes.js';
import { jsonText } from '../rows/json-text.js';
import type { Sql } from '../sql/saga-tables.js';
import { storable } from '../rows/storable.js';
import type { SqliteConnection } from './sqlite-connection.js';
import type { SqliteValue } from './sqlite-client.js';

/** Where the saga stands and who has to care. A pair of parameters is: whether the column changes, and to what. */
const MOVE_HEAD: Sql = ({ heads }) => `
  UPDATE ${heads}
  SET status = COALESCE(?, status), worker = IIF(?, NULL, worker), due_at = IIF(?, ?, due_at), updated_at = ?
  WHERE id = ?`;

/** Why it stands there. Apart from {@link MOVE_HEAD}, because most sagas never need it. */
const EXPLAIN_HEAD: Sql = ({ heads }) => `
  UPDATE ${heads}
  SET held_code = IIF(?, ?, held_code), held_reason = IIF(?, ?, held_reason),
    error = IIF(?, ?, error), failed_step = IIF(?, ?, failed_step)
  WHERE id = ?`;

const SET_SNAPSHOT: Sql = ({ heads }) => `UPDATE ${heads} SET snapshot_version = ? WHERE id = ?`;

/** Where a saga stands from now on. */
export type HeadMove = Pick<HeadChange, 'status' | 'worker' | 'dueIn'>;

/** What `status`, `worker` and `due_at` become: the status, whether the worker is left, whether a due time is set, and to what. */
export function moveValues({ status, worker, dueIn }: HeadMove, now: number): readonly SqliteValue[] {
  return [status ?? null, worker === null ? 1 : 0, ...changed(dueAt(dueIn, now))];
}

/** Says where a saga stands. */
export function moveHead(
  connection: SqliteConnection,
  { sagaId, move, now }: { readonly sagaId: string; readonly move: HeadMove; readonly now: number },
): void {
  connection.run(MOVE_HEAD, ...moveValues(move, now), now, sagaId);
}

/** Why a saga stands where it does, if that changes. The texts are made now, before the write is queued. */
export type HeadReasons = readonly SqliteValue[];

/** The reasons that a change gives; `undefined` for none. */
export function reasonsOf(sagaId: string, { heldReason, error, failedStep }: HeadChange): HeadReasons | undefined {
  if (heldReason === undefined && error === undefined && failedStep === undefined) return undefined;
  return [
    ...changed(heldReason && heldReason.code),
    ...changed(heldReason && jsonText(heldReason, { sagaId, what: 'held reason' })),
    ...changed(error && jsonText(error, { sagaId, what: 'error' })),
    ...changed(failedStep && storable('failed step', failedStep)),
  ];
}

/** Says why it stands there. */
export function explainHead(connection: SqliteConnection, sagaId: string, reasons: HeadReasons): void {
  connection.run(EXPLAIN_HEAD, ...reasons, sagaId);
}

/** Lets loads begin at this row. It is no change that anybody looks for, so `updated_at` stays. */
export function setSnapshot(connection: SqliteConnection, sagaId: string, version: number): void {
  connection.run(SET_SNAPSHOT, version, sagaId);
}

/** A saga that is due in no time is due now: 0 is no absence. */
function dueAt(dueIn: HeadMove['dueIn'], now: number): number | null | undefined {
  return dueIn === undefined || dueIn === null ? dueIn : now + Math.ceil(dueIn);
}

/** `undefined` leaves a column as it is, `null` clears it. */
function changed(value: string | number | null | undefined): readonly [isChanged: 0 | 1, value: SqliteValue] {
  return value === undefined ? [0, null] : [1, value];
}
