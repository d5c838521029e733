import type { PostgresValue } from './postgres-client.js';

/** A list in PostgreSQL's own notation: every driver sends it on as it is, to be cast to an array there. */
export function arrayText(values: readonly PostgresValue[]): string {
  return `{${values.map(elementText).join(',')}}`;
}

function elementText(value: PostgresValue): string {
  if (value === null) return 'NULL';
  if (typeof value !== 'string') return String(value);
  // Ids have nothing to escape, and looking costs a fraction of replacing.
  return `"${/["\\]/.test(value) ? value.replace(/["\\]/g, '\\$&') : value}"`;
}
