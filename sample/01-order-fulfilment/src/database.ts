import Database from 'libsql';

/** Opens the file that `SAGA_DB` names; by default `sagas.db`, where the process was started. */
export function openDatabase(): Database.Database {
  return new Database(process.env['SAGA_DB'] ?? 'sagas.db');
}
