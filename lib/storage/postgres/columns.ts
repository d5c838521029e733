import { milliseconds } from './database-clock.js';

const headColumns = (plan: string): string => `
  head.id, head.name, head.definition_version, ${plan} AS plan, head.plan_hash, head.status, head.worker,
  ${milliseconds('head.due_at')} AS due_at, head.held_reason::text AS held_reason, head.error::text AS error,
  head.failed_step, ${milliseconds('head.created_at')} AS created_at, ${milliseconds('head.updated_at')} AS updated_at,
  head.snapshot_version`;

const logColumns = (entries: string): string => `
  row.version, row.format, row.write_id, row.worker, ${milliseconds('row.at')} AS at, row.first_seq, row.last_seq,
  ${entries} AS entries, row.context::text AS context, row.snapshot::text AS snapshot`;

/** The columns of a head as `HeadRow` names them. */
export const HEAD_COLUMNS = headColumns('head.plan::text');

/** The columns of a row of the log as `LogRow` names them. */
export const LOG_COLUMNS = logColumns('row.entries::text');

/** The same to be made JSON of: what most sagas have is not quoted and read once more. */
export const COLUMNS_IN_JSON = { ofHead: headColumns('head.plan'), ofLog: logColumns('row.entries') };
