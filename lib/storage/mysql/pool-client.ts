import { answerWithin } from '../answer-within.js';
import type { SqlClient } from '../sql/clients/sql-client.js';
import { ConnectionLostError } from '../sql/shared-work.js';
import { poolSizeOf } from './pool-size.js';
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
export interface StatementClient extends SqlClient<MysqlQuery> {
  /**
   * Runs a block of statements that begins a transaction and ends it, on one connection; its rows are those that it selects. Where it fails,
   * and may have left the transaction open, that is rolled back. Missing where the client does not lend its connections.
   */
  readonly block?: MysqlQuery;
}

/** Tells a pool from another client, and makes them alike. */
export function statementClient(client: MysqlClient | MysqlPool | MysqlCallbackPool): StatementClient {
  if ('transaction' in client) {
    return {
      poolSize: client.poolSize,
      handleName: 'what its client hands out in `transaction()`',
      run: (sql, values) => client.query(sql, values),
      transaction: (work) => client.transaction(work),
      within: (handle) => client.within?.(handle),
    };
  }
  const pool = 'getConnection' in client && !('promise' in client) ? client : (client as MysqlCallbackPool).promise();
  return {
    poolSize: poolSizeOf(client),
    handleName: 'a connection of mysql2 (`await pool.getConnection()`) on which START TRANSACTION has run',
    run: queryOf(pool),
    block: (sql, values) => onConnection(pool, async (run) => selected(await run(sql, values))),
    transaction: (work) => transactionOn(pool, work),
    within: (handle) => (isConnection(handle) ? queryOf(promising(handle)) : undefined),
  };
}

/** What runs statements on one connection: as `mysql2/promise` lends it, or as `mysql2` does. */
type Connection = Pick<MysqlPoolConnection, 'query'> | { promise(): Pick<MysqlPoolConnection, 'query'> };

/** A pool has `query` as well, but each of its statements runs in another transaction. */
function isConnection(handle: unknown): handle is Connection {
  if (typeof handle !== 'object' || handle === null || 'getConnection' in handle) return false;
  return 'query' in handle && typeof handle.query === 'function';
}

function promising(connection: Connection): Pick<MysqlPoolConnection, 'query'> {
  return 'promise' in connection ? connection.promise() : connection;
}

/** The level is said each time: the server's default takes locks on gaps, and reads what was there before a lock was waited for. */
const SET_LEVEL = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED';

/** Milliseconds that a rollback waits for the statement that is still running; then the connection is thrown away. */
const ROLLBACK_PATIENCE = 2_000;

function transactionOn<T>(pool: MysqlPool, work: (run: MysqlQuery, handle: unknown) => Promise<T>): Promise<T> {
  return onConnection(pool, async (run, connection) => {
    await run(SET_LEVEL, []);
    await run('START TRANSACTION', []);
    const result = await work(run, connection);
    await run('COMMIT', []);
    return result;
  });
}

/** Lends a connection to `work`, which leaves no transaction open on it when it succeeds, nor does this where it fails. */
async function onConnection<T>(
  pool: MysqlPool,
  work: (run: MysqlQuery, connection: MysqlPoolConnection) => Promise<T>,
): Promise<T> {
  const connection = await pool.getConnection();
  const run = queryOf(connection);
  let end: 'sound' | 'busy' | ConnectionLostError = 'sound';
  try {
    return await work(run, connection);
  } catch (error) {
    end = await rollBack(run);
    // The server has rolled back already, whatever the work has made of it.
    if (end instanceof ConnectionLostError) throw new ConnectionLostError(end.message, { cause: error });
    throw error;
  } finally {
    if (end === 'sound') connection.release();
    else connection.destroy();
  }
}

/** A connection that cannot roll back soon is of no use to anybody: thrown away, it commits nothing either. */
async function rollBack(run: MysqlQuery): Promise<'sound' | 'busy' | ConnectionLostError> {
  try {
    const rolledBack = run('ROLLBACK', []).then(() => 'sound' as const);
    return await answerWithin<'sound' | 'busy'>(ROLLBACK_PATIENCE, rolledBack, () => 'busy');
  } catch (error) {
    return new ConnectionLostError('The connection was lost in the middle of a transaction.', { cause: error });
  }
}

/** Runs statements on a pool or a connection of `mysql2/promise`. */
export function queryOf(runner: { query(statement: MysqlStatement): Promise<unknown> }): MysqlQuery {
  return async (sql, values) => resultOf(await runner.query(statement(sql, values)));
}

/** A block gives the rows that it selects, and behind them what has become of it. */
function selected({ rows, affectedRows }: MysqlResult): MysqlResult {
  const [first] = rows;
  return Array.isArray(first) ? { rows: first, affectedRows } : { rows, affectedRows };
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
