import type { PostgresValue } from './postgres-client.js';

/** A list in PostgreSQL's own notation: every driver sends it on as it is, to be cast to an array there. */
export function arrayText(values: readonly PostgresValue[]): string {
  // Most lists are empty, of numbers, or of ids with nothing to escape: joined at once, they are not made into a text each first.
  if (values.length === 0) return '{}';
  if (values.every((value) => typeof value === 'number')) return `{${values.join(',')}}`;
  if (values.every((value) => typeof value === 'string') && isPlain(values.join('')))
    return `{"${values.join('","')}"}`;
  return `{${values.map(elementText).join(',')}}`;
}

function elementText(value: PostgresValue): string | number | boolean {
  if (value === null) return 'NULL';
  return typeof value === 'string' ? `"${value.replace(/["\\]/g, '\\$&')}"` : value;
}

/** With nothing to escape. */
function isPlain(text: string): boolean {
  return !text.includes('"') && !text.includes('\\');
}
