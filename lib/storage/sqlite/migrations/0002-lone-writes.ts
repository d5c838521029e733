import { OFF_THE_PATH, UNFINISHED, type SagaTables } from '../../sql/saga-tables.js';
import { writesOf } from '../sqlite-tables.js';

/**
 * What most sagas do, cheaper.
 *
 * A write that meets no other is one INSERT into the view `writes`, which commits on its own: its triggers spread it over the tables,
 * all of it or nothing. It saves half of the calls of the driver. Where anything stands in its way it is refused whole, and the
 * storage finds out in a transaction what it was.
 *
 * Heads on the way that most sagas go (waiting, running, completed) are in no index by status any more: those of running ones are
 * found among the unfinished, and of the completed there are too many for an index to help.
 */
export const loneWrites = (tables: SagaTables): string => {
  const { heads, log, requests } = tables;
  const writes = writesOf(tables);
  return `
DROP INDEX ${heads}_by_status;
DROP INDEX ${heads}_to_recover;
CREATE INDEX ${heads}_by_status ON ${heads} (status, created_at, id) WHERE ${OFF_THE_PATH};
CREATE INDEX ${heads}_unfinished ON ${heads} (held_code, worker, due_at, id) WHERE ${UNFINISHED};

CREATE VIEW ${writes} AS
SELECT row.saga_id, row.version, row.format, row.write_id, row.worker, row.at, row.first_seq, row.last_seq, row.entries,
  row.context, head.name, head.definition_version, head.plan_hash, head.plan, head.status, 1 AS moves,
  head.worker IS NULL AS leaves_worker, 1 AS sets_due, head.due_at
FROM ${log} row JOIN ${heads} head ON head.id = row.saga_id;

CREATE TRIGGER ${writes}_create INSTEAD OF INSERT ON ${writes} WHEN NEW.version = 1
BEGIN
  INSERT INTO ${heads} (id, worker, created_at, updated_at, name, definition_version, status, plan_hash, plan)
  VALUES (NEW.saga_id, NEW.worker, NEW.at, NEW.at, NEW.name, NEW.definition_version, NEW.status, NEW.plan_hash, NEW.plan);
  INSERT INTO ${log} (saga_id, version, format, write_id, worker, at, first_seq, last_seq, entries, context)
  VALUES (NEW.saga_id, 1, NEW.format, NEW.write_id, NEW.worker, NEW.at, NEW.first_seq, NEW.last_seq, NEW.entries, NEW.context);
END;

CREATE TRIGGER ${writes}_append INSTEAD OF INSERT ON ${writes} WHEN NEW.version > 1
BEGIN
  SELECT RAISE(ABORT, 'An operator has asked something of this saga')
  WHERE EXISTS (SELECT 1 FROM ${requests} WHERE saga_id = NEW.saga_id);
  SELECT RAISE(ABORT, 'The row before this one is missing')
  WHERE NOT EXISTS (SELECT 1 FROM ${log} WHERE saga_id = NEW.saga_id AND version = NEW.version - 1);
  INSERT INTO ${log} (saga_id, version, format, write_id, worker, at, first_seq, last_seq, entries, context)
  VALUES (NEW.saga_id, NEW.version, NEW.format, NEW.write_id, NEW.worker, NEW.at, NEW.first_seq, NEW.last_seq, NEW.entries, NEW.context);
  UPDATE ${heads} SET status = COALESCE(NEW.status, status), worker = IIF(NEW.leaves_worker, NULL, worker),
    due_at = IIF(NEW.sets_due, NEW.due_at, due_at), updated_at = NEW.at
  WHERE NEW.moves AND id = NEW.saga_id;
END;
`;
};
