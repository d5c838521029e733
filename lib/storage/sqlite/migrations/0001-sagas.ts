import { UNFINISHED, type SagaTables } from '../../sql/saga-tables.js';

/**
 * The tables of the first release.
 *
 * Rows of the log are stored in the order of their primary key, so that a saga's history lies together. A row that does not
 * follow another is ignored: in a trigger, this costs a third of what it costs as a condition of the INSERT. Each index of the heads
 * costs every saga a write; those that only few sagas are in are partial.
 */
export const sagas = ({ heads, log, requests, workers, migrations }: SagaTables): string => `
CREATE TABLE ${migrations} (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  applied_at INTEGER NOT NULL
);

CREATE TABLE ${heads} (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  definition_version INTEGER NOT NULL,
  status TEXT NOT NULL,
  worker TEXT,
  due_at INTEGER,
  held_code TEXT,
  held_reason TEXT,
  failed_step TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  snapshot_version INTEGER NOT NULL DEFAULT 0,
  plan_hash TEXT NOT NULL,
  plan TEXT NOT NULL,
  error TEXT
) WITHOUT ROWID;

CREATE INDEX ${heads}_by_time ON ${heads} (created_at, id);
CREATE INDEX ${heads}_by_name ON ${heads} (name, created_at, id);
CREATE INDEX ${heads}_by_status ON ${heads} (status, created_at, id) WHERE status <> 'COMPLETED';
CREATE INDEX ${heads}_by_failed_step ON ${heads} (failed_step, created_at, id) WHERE failed_step IS NOT NULL;
CREATE INDEX ${heads}_by_error ON ${heads} (created_at, id) WHERE error IS NOT NULL;
CREATE INDEX ${heads}_to_recover ON ${heads} (worker, due_at, id) WHERE ${UNFINISHED} AND held_code IS NULL;
CREATE INDEX ${heads}_held ON ${heads} (created_at, id) WHERE held_code IS NOT NULL;
CREATE INDEX ${heads}_held_by_plan ON ${heads} (name, plan_hash, id) WHERE held_code = 'definition-changed';

CREATE TABLE ${log} (
  saga_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  format INTEGER NOT NULL,
  write_id TEXT NOT NULL,
  worker TEXT,
  at INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  entries TEXT NOT NULL,
  context TEXT,
  snapshot TEXT,
  PRIMARY KEY (saga_id, version)
) WITHOUT ROWID;

CREATE TRIGGER ${log}_unbroken BEFORE INSERT ON ${log}
WHEN NEW.version > 1 AND NOT EXISTS (
  SELECT 1 FROM ${log} WHERE saga_id = NEW.saga_id AND version = NEW.version - 1
)
BEGIN
  SELECT RAISE(IGNORE);
END;

CREATE TABLE ${requests} (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  saga_id TEXT NOT NULL,
  id TEXT NOT NULL,
  request TEXT NOT NULL,
  UNIQUE (saga_id, id)
);

CREATE TABLE ${workers} (
  id TEXT NOT NULL PRIMARY KEY,
  process TEXT,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
`;
