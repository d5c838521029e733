import { OFF_THE_PATH, UNFINISHED } from '../../sql/saga-tables.js';
import type { PostgresTables } from '../postgres-tables.js';

/**
 * The tables of the first release, one statement each.
 *
 * Texts are compared by their bytes ("C"), whatever the database's collation: names that look alike stay apart, ids have one order
 * everywhere, and no update of the system's collations can spoil an index. JSON is kept as it came (`json`): `jsonb` would have to be
 * built on each write, and cannot say everything that JSON can. Each index of the heads costs every saga a write; those that
 * only few sagas are in are partial. The one by name knows no ids: sagas of one name and millisecond are no more than a few batches, and sorted when they are listed.
 */
export const sagas = ({ heads, log, requests, workers, migrations, prefix }: PostgresTables): readonly string[] => [
  `CREATE TABLE ${migrations} (
  version integer PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)`,

  `CREATE TABLE ${heads} (
  id text COLLATE "C" PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  definition_version integer NOT NULL,
  status text COLLATE "C" NOT NULL,
  worker text COLLATE "C",
  due_at timestamptz(3),
  held_code text COLLATE "C",
  held_reason json,
  failed_step text COLLATE "C",
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  snapshot_version integer NOT NULL DEFAULT 0,
  requests integer NOT NULL DEFAULT 0,
  plan_hash text COLLATE "C" NOT NULL,
  plan json NOT NULL,
  error json,
  error_message text COLLATE "C"
)`,
  `COMMENT ON COLUMN ${heads}.requests IS 'How many operators'' requests have been stored so far'`,

  `CREATE INDEX ${prefix}heads_by_time ON ${heads} (created_at, id)`,
  `CREATE INDEX ${prefix}heads_by_name ON ${heads} (name, created_at)`,
  `CREATE INDEX ${prefix}heads_by_status ON ${heads} (status, created_at, id) WHERE ${OFF_THE_PATH}`,
  `CREATE INDEX ${prefix}heads_by_failed_step ON ${heads} (failed_step, created_at, id) WHERE failed_step IS NOT NULL`,
  `CREATE INDEX ${prefix}heads_by_error ON ${heads} (created_at, id) WHERE error_message IS NOT NULL`,
  `CREATE INDEX ${prefix}heads_unfinished ON ${heads} (held_code, worker, COALESCE(due_at, '-infinity'), id) WHERE ${UNFINISHED}`,
  `CREATE INDEX ${prefix}heads_held ON ${heads} (created_at, id) WHERE held_code IS NOT NULL`,
  `CREATE INDEX ${prefix}heads_held_by_plan ON ${heads} (name, plan_hash, id) WHERE held_code = 'definition-changed'`,

  `CREATE TABLE ${log} (
  saga_id text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  format smallint NOT NULL,
  write_id text COLLATE "C" NOT NULL,
  worker text COLLATE "C",
  at timestamptz(3) NOT NULL,
  first_seq integer NOT NULL,
  last_seq integer NOT NULL,
  entries json NOT NULL,
  context json,
  snapshot json,
  PRIMARY KEY (saga_id, version)
)`,

  `CREATE TABLE ${requests} (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  saga_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  request json NOT NULL,
  UNIQUE (saga_id, id)
)`,

  `CREATE TABLE ${workers} (
  id text COLLATE "C" PRIMARY KEY,
  process text,
  expires_at timestamptz(3) NOT NULL
)`,
];
