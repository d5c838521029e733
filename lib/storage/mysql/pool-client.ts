import { answerWithin } from '../answer-within.js';
import { answered, borrowed, isUnanswered } from '../sql/answer-timeout.js';
import type { SqlClient } from '../sql/clients/sql-client.js';
import { ConnectionLostError } from '../sql/shared-work.js';
import { isReadOnly } from './driver-error.js';
import type { SessionLimits } from './session-limits.js';
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

/**
 * Runs a statement, as far down as the storage goes. A pool waits no longer than `answerTimeout` ms for its answer, if that is given; libraries
 * have their driver's own settings for that.
 */
export type RunStatement = (sql: string, values: MysqlValue[], answerTimeout?: number) => Promise<MysqlResult>;

/** How a transaction begins. */
export interface TransactionBeginning {
  /** For the statements by which it begins and ends, as for any other. */
  readonly answerTimeout?: number;
  /** Missing until it is known what the server is. */
  readonly limits?: SessionLimits | undefined;
}

/** A pool or another client, as the storage uses it. */
export interface StatementClient extends SqlClient<RunStatement> {
  /**
   * Runs a block of statements that begins a transaction and ends it, on one connection; its rows are those that it selects. Where it fails,
   * and may have left the transaction open, that is rolled back. Missing where the client does not lend its connections.
   */
  readonly block?: RunStatement;
  /** Whether {@link transaction} keeps to `limits` by itself. */
  readonly limitsSessions?: true;
  transaction<T>(
    work: (run: RunStatement, handle: unknown) => Promise<T>,
    beginning?: TransactionBeginning,
  ): Promise<T>;
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
    run: (sql, values, answerTimeout) =>
      onConnection(pool, (run) => run(sql, values, answerTimeout), { answerTimeout, clearUp: afterStatement }),
    block: (sql, values, answerTimeout) =>
      onConnection(pool, async (run) => selected(await run(sql, values, answerTimeout)), {
        answerTimeout,
        clearUp: afterTransaction,
      }),
    limitsSessions: true,
    transaction: (work, beginning) => transactionOn(pool, work, beginning),
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

/** Milliseconds that a statement which clears up waits for the one that is still running; then the connection is thrown away. */
const PATIENCE = 2_000;

function transactionOn<T>(
  pool: MysqlPool,
  work: (run: RunStatement, handle: unknown) => Promise<T>,
  { answerTimeout, limits }: TransactionBeginning = {},
): Promise<T> {
  const useConnection = async (run: RunStatement, connection: MysqlPoolConnection): Promise<T> => {
    await run(limits?.setWithLevel ?? SET_LEVEL, [], answerTimeout);
    await run('START TRANSACTION', [], answerTimeout);
    const result = await work(run, connection);
    await run('COMMIT', [], answerTimeout);
    return result;
  };
  return onConnection(pool, useConnection, { answerTimeout, clearUp: afterTransaction, restore: limits?.restore });
}

/** What a connection is worth on which something has failed. */
type Remains = 'sound' | 'useless' | ConnectionLostError;

interface BorrowOptions {
  readonly answerTimeout: number | undefined;
  /** Behind a failure. */
  readonly clearUp: (error: unknown, run: RunStatement) => Remains | Promise<Remains>;
  /** Makes the session what it was, before the pool has the connection back. */
  readonly restore?: string | undefined;
}

/** Lends a connection to `work`. */
async function onConnection<T>(
  pool: MysqlPool,
  work: (run: RunStatement, connection: MysqlPoolConnection) => Promise<T>,
  { answerTimeout, clearUp, restore }: BorrowOptions,
): Promise<T> {
  const connection = await borrowed(pool.getConnection(), answerTimeout);
  const query = queryOf(connection);
  const run: RunStatement = (sql, values, ms) => answered(query(sql, values), ms);
  let remains: Remains = 'sound';
  try {
    return await work(run, connection);
  } catch (error) {
    remains = await clearUp(error, run);
    // The server has rolled back already, or will, whatever the work has made of it.
    if (remains instanceof ConnectionLostError) throw new ConnectionLostError(remains.message, { cause: error });
    throw error;
  } finally {
    if (remains !== 'sound') connection.destroy();
    else if (restore === undefined) connection.release();
    else void giveBack(connection, run(restore, []));
  }
}

/** What the work has come to is told meanwhile. */
async function giveBack(connection: MysqlPoolConnection, restored: Promise<unknown>): Promise<void> {
  const isRestored = restored.then(
    () => true,
    () => false,
  );
  if (await answerWithin(PATIENCE, isRestored, () => false)) connection.release();
  else connection.destroy();
}

/** Behind a failover the server may be the one that is only read from: as with the pool's own `query()`, another connection finds the new one. */
function afterStatement(error: unknown): Remains {
  return isUnanswered(error) || isReadOnly(error) ? 'useless' : 'sound';
}

/** A connection that cannot roll back soon is of no use to anybody: thrown away, it commits nothing either. */
async function afterTransaction(error: unknown, run: RunStatement): Promise<Remains> {
  if (isUnanswered(error)) return connectionLost(error);
  try {
    const rolledBack = run('ROLLBACK', []).then(() => afterStatement(error));
    return await answerWithin<Remains>(PATIENCE, rolledBack, () => 'useless');
  } catch (lost) {
    return connectionLost(lost);
  }
}

function connectionLost(cause: unknown): ConnectionLostError {
  return new ConnectionLostError('The connection was lost in the middle of a transaction.', { cause });
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
