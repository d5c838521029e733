import { milliseconds } from './database-clock.js';

/** The columns of a head as `HeadRow` names them. */
export const HEAD_COLUMNS = `
  head.id, head.name, head.definition_version, head.plan::text AS plan, head.plan_hash, head.status, head.worker,
  ${milliseconds('head.due_at')} AS due_at, head.held_reason::text AS held_reason, head.error::text AS error,
  head.failed_step, ${milliseconds('head.created_at')} AS created_at, ${milliseconds('head.updated_at')} AS updated_at,
  head.snapshot_version`;

/** The columns of a row of the log as `LogRow` names them. */
export const LOG_COLUMNS = `
  row.version, row.format, row.write_id, row.worker, ${milliseconds('row.at')} AS at, row.first_seq, row.last_seq,
  row.entries::text AS entries, row.context::text AS context, row.snapshot::text AS snapshot`;
