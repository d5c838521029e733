import type { JsonValue } from '../json-value.js';
import type { EntryDraft } from '../log-entry.js';
import { jsonText } from './json-text.js';
import { storable } from './storable.js';

/** A row of the log as it is handed to a database, without what the database adds. */
export interface NewRow {
  readonly sagaId: string;
  readonly version: number;
  readonly writeId: string;
  readonly worker: string | null;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly entries: string;
  readonly context: string | null;
  readonly snapshot: string | null;
}

/** What a caller hands over of a row. */
interface RowContent {
  readonly id: string;
  readonly entries: readonly EntryDraft[];
  readonly worker?: string;
  readonly writeId: string;
  readonly context?: JsonValue;
  readonly snapshot?: JsonValue;
}

/**
 * Makes a row of what a caller hands over. Done before the row is queued: it copies the values, and one that cannot be stored
 * fails alone.
 *
 * @throws StorageRejectedError
 */
export function newRow(
  content: RowContent,
  { version, seq }: { readonly version: number; readonly seq: number },
): NewRow {
  const { id, entries, worker, writeId, context, snapshot } = content;
  const sagaId = storable('id', id);
  return {
    sagaId,
    version,
    writeId: storable('write id', writeId),
    worker: worker === undefined ? null : storable('worker', worker),
    firstSeq: seq,
    lastSeq: seq + entries.length - 1,
    entries: jsonText(entries, { sagaId, what: 'entries' }),
    context: context === undefined ? null : jsonText(context, { sagaId, what: 'context' }),
    snapshot: snapshot === undefined ? null : jsonText(snapshot, { sagaId, what: 'snapshot' }),
  };
}
