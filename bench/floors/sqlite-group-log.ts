import type { AppendRow, FloorRow } from './order-log.js';
import { rowWriter, type Connection } from './sqlite-log.js';

interface Waiting {
  readonly row: FloorRow;
  readonly resolve: () => void;
}

/** Rows that meet share a transaction; a row that fails fails for everybody. */
export function inGroups(database: Connection): AppendRow {
  let waiting: Waiting[] = [];
  const write = rowWriter(database);
  const writeAll = database.transaction((batch: readonly Waiting[]) => batch.forEach(({ row }) => write(row)));

  const commit = (): void => {
    const batch = waiting;
    waiting = [];
    writeAll.immediate(batch);
    for (const { resolve } of batch) resolve();
  };
  return (row) =>
    new Promise((resolve) => {
      waiting.push({ row, resolve });
      if (waiting.length === 1) setImmediate(commit);
    });
}
