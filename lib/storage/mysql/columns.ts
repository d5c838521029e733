import { milliseconds } from './database-clock.js';

/** A text as bytes, so that the character set of the connection cannot change it. */
export const bytes = (text: string): string => `CAST(${text} AS BINARY)`;

/** The columns of a head as `HeadRow` names them, each with what selects it. */
export const HEAD_COLUMNS = {
  id: 'head.id',
  name: 'head.name',
  definition_version: 'head.definition_version',
  plan: bytes('head.plan'),
  plan_hash: 'head.plan_hash',
  status: bytes('head.status'),
  worker: 'head.worker',
  due_at: milliseconds('head.due_at'),
  held_reason: bytes('head.held_reason'),
  error: bytes('head.error'),
  failed_step: 'head.failed_step',
  created_at: milliseconds('head.created_at'),
  updated_at: milliseconds('head.updated_at'),
  snapshot_version: 'head.snapshot_version',
} as const;

/** The columns of a row of the log as `LogRow` names them. */
export const LOG_COLUMNS = {
  version: 'entry.version',
  format: 'entry.format',
  write_id: 'entry.write_id',
  worker: 'entry.worker',
  at: milliseconds('entry.at'),
  first_seq: 'entry.first_seq',
  last_seq: 'entry.last_seq',
  entries: bytes('entry.entries'),
  context: bytes('entry.context'),
  snapshot: bytes('entry.snapshot'),
} as const;

/** What stands between SELECT and FROM. */
export function selectList(columns: Readonly<Record<string, string>>): string {
  return Object.entries(columns)
    .map(([name, column]) => `${column} AS ${name}`)
    .join(', ');
}
