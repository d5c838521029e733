import type { SagaTables } from '../../sql/saga-tables.js';

/** Names are compared by their bytes: collations that both MariaDB and MySQL know ignore spaces at the end. */
const NAME = 'VARBINARY(765)';
const KEY = 'VARBINARY(765)';
const CODE = 'VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin';
/** JSON as it came. The type JSON is a check of the text in MariaDB, and in MySQL sorts properties and changes numbers. */
const JSON_TEXT = 'LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
/** Said, because servers may have other defaults, under which there are no transactions, or keys have to be shorter. */
const TABLE = 'ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET = utf8mb4, COLLATE = utf8mb4_bin';

/**
 * The tables of the first release, one statement each. The server commits after each of them, so each can run again: whoever
 * died in the middle left whole tables, with their indexes.
 *
 * Times are milliseconds since the epoch, which no time zone can change. Each index of the heads costs every saga a write. There are no
 * partial indexes: one on a generated column that is null for most sagas, and stays so on the way that most go, comes near to it. So the sagas
 * that have failed, or wait for a person, have one index together, with what they are looked for by.
 */
export const sagas = ({ heads, log, requests, workers, migrations }: SagaTables): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS ${migrations} (
  version INT NOT NULL PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
) ${TABLE}`,

  `CREATE TABLE IF NOT EXISTS ${heads} (
  id ${NAME} NOT NULL,
  name ${NAME} NOT NULL,
  definition_version INT NOT NULL,
  status ${CODE} NOT NULL,
  worker ${KEY},
  due_at BIGINT,
  held_code ${CODE},
  held_reason ${JSON_TEXT},
  failed_step ${NAME},
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  snapshot_version INT NOT NULL DEFAULT 0,
  plan_hash ${KEY} NOT NULL,
  plan ${JSON_TEXT} NOT NULL,
  error ${JSON_TEXT},
  error_search LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'The message of the error, its ASCII letters in lower case',
  listed_status ${CODE} GENERATED ALWAYS AS (IF(
    status IN ('PENDING', 'RUNNING', 'COMPLETED') AND held_code IS NULL AND failed_step IS NULL AND error_search IS NULL, NULL, status)) STORED
    COMMENT 'The status of a saga that has left the way that most go',
  runs_under ${KEY} GENERATED ALWAYS AS
    (IF(status IN ('COMPLETED', 'FAILED') OR held_code IS NOT NULL, NULL, COALESCE(worker, X''))) STORED
    COMMENT 'The worker of a saga that recovery may take when that one is gone; empty: nobody',
  PRIMARY KEY (id),
  KEY by_time (created_at, id),
  KEY by_name (name, created_at, id),
  KEY by_status (listed_status, created_at, id, held_code, failed_step),
  KEY unfinished (runs_under, due_at, updated_at, id)
) ${TABLE}`,

  `CREATE TABLE IF NOT EXISTS ${log} (
  saga_id ${NAME} NOT NULL,
  version INT NOT NULL,
  format SMALLINT NOT NULL,
  write_id ${KEY} NOT NULL,
  worker ${KEY},
  at BIGINT NOT NULL,
  first_seq INT NOT NULL,
  last_seq INT NOT NULL,
  entries ${JSON_TEXT} NOT NULL,
  context ${JSON_TEXT},
  snapshot ${JSON_TEXT},
  PRIMARY KEY (saga_id, version)
) ${TABLE}`,

  `CREATE TABLE IF NOT EXISTS ${requests} (
  position BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  saga_id ${NAME} NOT NULL,
  id ${NAME} NOT NULL,
  request ${JSON_TEXT} NOT NULL,
  UNIQUE KEY by_saga (saga_id, id)
) ${TABLE}`,

  `CREATE TABLE IF NOT EXISTS ${workers} (
  id ${KEY} NOT NULL PRIMARY KEY,
  process ${JSON_TEXT},
  beat INT NOT NULL,
  expires_at BIGINT NOT NULL
) ${TABLE}`,
];
