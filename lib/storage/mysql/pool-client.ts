import type {
  MysqlCallbackPool,
  MysqlClient,
  MysqlPool,
  MysqlPoolConnection,
  MysqlQuery,
  MysqlResult,
  MysqlStatement,
  MysqlValue,
} from './mysql-client.js';

/** A pool or another client, as the storage uses it. */
export interface StatementClient {
  /** Looks whether it can be used yet. @throws SagaConfigurationError */
  open?(): void;
  readonly run: MysqlQuery;
  transaction<T>(work: (run: MysqlQuery) => Promise<T>): Promise<T>;
}

/** Tells a pool from another client, and makes them alike. */
export function statementClient(client: MysqlClient | MysqlPool | MysqlCallbackPool): StatementClient {
  if ('transaction' in client) {
    return {
      run: (sql, values) => client.query(sql, values),
      transaction: (work) => client.transaction(work),
    };
  }
  const pool = 'getConnection' in client && !('promise' in client) ? client : (client as MysqlCallbackPool).promise();
  return { run: queryOf(pool), transaction: (work) => transactionOn(pool, work) };
}

/** The level is said each time: the server's default takes locks on gaps, and reads what was there before a lock was waited for. */
const SET_LEVEL = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED';

async function transactionOn<T>(pool: MysqlPool, work: (run: MysqlQuery) => Promise<T>): Promise<T> {
  const connection = await pool.getConnection();
  const run = queryOf(connection);
  let isSound = true;
  try {
    await run(SET_LEVEL, []);
    await run('START TRANSACTION', []);
    const result = await work(run);
    await run('COMMIT', []);
    return result;
  } catch (error) {
    isSound = await rollBack(run);
    throw error;
  } finally {
    release(connection, isSound);
  }
}

/** A connection that cannot even roll back is of no use to anybody. */
async function rollBack(run: MysqlQuery): Promise<boolean> {
  try {
    await run('ROLLBACK', []);
    return true;
  } catch {
    return false;
  }
}

function release(connection: MysqlPoolConnection, isSound: boolean): void {
  if (isSound) connection.release();
  else connection.destroy();
}

/** Runs statements on a pool or a connection of `mysql2/promise`. */
export function queryOf(runner: { query(statement: MysqlStatement): Promise<unknown> }): MysqlQuery {
  return async (sql, values) => resultOf(await runner.query(statement(sql, values)));
}

/** Says what a pool's own options might say otherwise. */
function statement(sql: string, values: MysqlValue[]): MysqlStatement {
  return { sql, values, rowsAsArray: false, nestTables: false, typeCast: (_, next) => next() };
}

/** `mysql2` gives rows, or a header that says what has changed, and in both cases something else behind it. */
function resultOf(answer: unknown): MysqlResult {
  const [result] = answer as readonly [unknown];
  if (Array.isArray(result)) return { rows: result, affectedRows: 0 };
  return { rows: [], affectedRows: (result as { readonly affectedRows: number }).affectedRows };
}
