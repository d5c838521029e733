import { newRow, type NewRow } from '../rows/new-row.js';
import { storableInteger, storableName } from './storable-value.js';

/**
 * A row of the log that fits into its columns.
 *
 * @throws StorageRejectedError
 */
export function storableRow(...[content, place]: Parameters<typeof newRow>): NewRow {
  const row = newRow(content, place);
  storableName('id', row.sagaId);
  storableName('write id', row.writeId);
  if (row.worker !== null) storableName('worker', row.worker);
  storableInteger('version', row.version);
  storableInteger('last seq', row.lastSeq);
  return row;
}
