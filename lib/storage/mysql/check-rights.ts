import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';
import { errorNumber, isRightMissing } from './driver-error.js';
import type { MysqlConnection } from './mysql-connection.js';

/** What the storage does with its tables, and docs/mysql.md grants. What the log says, nobody changes. */
const RIGHTS = {
  heads: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  log: ['SELECT', 'INSERT', 'DELETE'],
  requests: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  workers: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
} as const;

type Right = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

/** Statements that touch no row, and need the right all the same: rights may come by roles, which nothing but the server sees through. */
const TRIALS: Readonly<Record<Right, (table: string, key: string) => string>> = {
  SELECT: (table, key) => `SELECT ${key} FROM ${table} WHERE FALSE`,
  INSERT: (table, key) => `INSERT INTO ${table} (${key}) SELECT '' FROM DUAL WHERE FALSE`,
  UPDATE: (table, key) => `UPDATE ${table} SET ${key} = '' WHERE FALSE`,
  DELETE: (table) => `DELETE FROM ${table} WHERE FALSE`,
};

/**
 * Tries whether the user may do with the tables what the storage will do: it would find out in the middle of sagas.
 *
 * @throws SagaConfigurationError with all rights that are missing.
 */
export async function checkRights(connection: MysqlConnection): Promise<void> {
  const missing: string[] = [];
  for (const [name, rights] of Object.entries(RIGHTS)) {
    const table = connection.tables[name as keyof typeof RIGHTS];
    const key = name === 'heads' || name === 'workers' ? 'id' : 'saga_id';
    for (const right of rights) {
      if (await lacks(connection, TRIALS[right](table, key))) missing.push(`GRANT ${right} ON ${table}`);
    }
  }
  if (missing.length === 0) return;
  throw new SagaConfigurationError(
    missing.map(
      (grant) => `MysqlSagaStorage: the user lacks a right: ${grant} to it. docs/mysql.md lists all that it needs.`,
    ),
  );
}

/** Whatever else a server says of a trial is no matter of rights: that columns need values, or that a mode wants updates by keys. */
async function lacks(connection: MysqlConnection, trial: string): Promise<boolean> {
  try {
    await connection.allOnce(trial);
    return false;
  } catch (error) {
    if (errorNumber(error) === undefined) throw error;
    return isRightMissing(error);
  }
}
