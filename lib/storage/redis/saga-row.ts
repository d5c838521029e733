import type { NewRow } from '../rows/new-row.js';
import { LOG_FORMAT, type LogRow } from '../rows/saga-rows.js';

/**
 * A row of a log as Redis keeps it: `<time> <first seq> <last seq> <header>`, a line feed, then the entries. Scripts put the time in
 * front, and read the numbers; the rest is JSON text that no script ever looks into, because Lua has other numbers and lists than JSON.
 */
interface RowHeader {
  readonly format: number;
  readonly writeId: string;
  readonly worker?: string;
}

const ROW = /^(\d+) (\d+) (\d+) ([^\n]*)\n(.*)$/s;

/** A row without what only the script knows: its time. */
export function rowText(row: NewRow): string {
  return ` ${String(row.firstSeq)} ${String(row.lastSeq)}${rowTail(row)}`;
}

/** A row without its time and seqs. */
export function rowTail({ writeId, worker, entries }: Pick<NewRow, 'writeId' | 'worker' | 'entries'>): string {
  const header: RowHeader = { format: LOG_FORMAT, writeId, ...(worker !== null && { worker }) };
  return ` ${JSON.stringify(header)}\n${entries}`;
}

/** A row as it was stored. What cannot be read of it fits nowhere, so that its saga is known to be damaged. */
export function toLogRow(text: string, version: number): LogRow {
  const [, at, firstSeq, lastSeq, headerText = '', entries = ''] = ROW.exec(text) ?? [];
  const header = readHeader(headerText);
  return {
    version,
    format: header?.format ?? LOG_FORMAT,
    write_id: header?.writeId ?? '',
    worker: header?.worker ?? null,
    at: Number(at),
    first_seq: Number(firstSeq),
    last_seq: Number(lastSeq),
    entries: header === undefined ? '' : entries,
    context: null,
    snapshot: null,
  };
}

function readHeader(text: string): RowHeader | undefined {
  try {
    return JSON.parse(text) as RowHeader;
  } catch {
    return undefined;
  }
}
