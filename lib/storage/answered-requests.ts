import type { EntryDraft } from './log-entry.js';

const NONE: readonly string[] = [];

/** The ids of the operators' requests that these entries answer. */
export function answeredRequests(entries: readonly EntryDraft[]): readonly string[] {
  // Nearly always none, and then no list is made.
  return entries.some(isAnswer) ? entries.flatMap((entry) => ('request' in entry ? [entry.request] : [])) : NONE;
}

function isAnswer(entry: EntryDraft): boolean {
  return 'request' in entry;
}
