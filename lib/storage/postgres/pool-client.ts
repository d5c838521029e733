import { answerWithin } from '../answer-within.js';
import { answered, borrowed, isUnanswered } from '../sql/answer-timeout.js';
import type { RunBy, SqlClient } from '../sql/clients/sql-client.js';
import { ConnectionLostError } from '../sql/shared-work.js';
import { LostConnections } from './lost-connections.js';
import type {
  PostgresClient,
  PostgresListener,
  PostgresOwnListener,
  PostgresPool,
  PostgresPoolClient,
  PostgresQuery,
  PostgresResult,
  PostgresStatement,
} from './postgres-client.js';

/**
 * Runs a statement, as far down as the storage goes. A pool waits no longer than `answerTimeout` ms for its answer, if that is given; libraries
 * have their driver's own settings for that.
 */
export type RunStatement = (statement: PostgresStatement, answerTimeout?: number) => Promise<PostgresResult>;

/** What a transaction begins with. */
export interface TransactionBeginning {
  /** Settings of this transaction alone, set before its first statement, and so that its isolation can still be chosen. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** As for a statement, for those by which it begins and ends. */
  readonly answerTimeout?: number;
}

/** A pool or another client, as the storage uses it. */
export interface StatementClient extends SqlClient<RunStatement> {
  /** Whether statements with a name are prepared; elsewhere names are ignored. */
  readonly prepares: boolean;
  transaction<T>(
    work: (run: RunStatement, handle: unknown) => Promise<T>,
    beginning?: TransactionBeginning,
  ): Promise<T>;
  /** Lends a connection for listening; absent where it cannot. */
  readonly lend?: () => Promise<LentListener>;
  /** What would end the process when a connection is lost, while the storage is open; absent where the library looks to that. */
  readonly losses?: LostConnections;
}

/** What a library does on PostgreSQL beyond what it does on every database. */
export type OnPostgres = Pick<StatementClient, 'prepares' | 'lend' | 'losses'>;

/** A library begins its transactions itself, so what they begin with are their first statements. */
export function libraryClient(
  client: SqlClient<RunStatement>,
  { prepares, lend, losses }: OnPostgres,
): StatementClient {
  return {
    ...client,
    prepares,
    ...(lend && { lend }),
    ...(losses && { losses }),
    transaction: (work, beginning) =>
      client.transaction(async (run, handle) => {
        for (const text of settingsOf(beginning)) await run({ text, values: [] });
        return work(run, handle);
      }),
  };
}

/** How statements run on connections of `pg` that a library lends. */
export const runBy: RunBy<PostgresPoolClient, RunStatement> = (on) => (statement) =>
  on((connection) => connection.query(statement));

/** A connection that is lent for listening. */
export interface LentListener {
  readonly client: PostgresListener;
  /** Whether its owner waits for it. */
  isWantedBack(): boolean;
  /** Ends the connection: it listens, and nobody else is to get it. */
  giveBack(): void;
}

/** Whoever lends connections for listening; `undefined` where nobody does. */
export function listenerLender(
  { lend }: StatementClient,
  listener: (() => Promise<PostgresOwnListener>) | boolean,
): (() => Promise<LentListener>) | undefined {
  if (typeof listener === 'boolean') return listener ? lend : undefined;
  return async () => {
    const client = await listener();
    return { client, isWantedBack: () => false, giveBack: () => void client.end().catch(ignore) };
  };
}

/** Has a pool lend a connection for listening. */
export async function lendListener(pool: PostgresPool): Promise<LentListener> {
  const client = await pool.connect();
  return { client, isWantedBack: () => pool.ending === true, giveBack: () => client.release(true) };
}

/** Tells a pool from another client, and makes both alike. */
export function statementClient(client: PostgresClient | PostgresPool): StatementClient {
  return 'transaction' in client ? foreignClient(client) : poolClient(client);
}

function foreignClient(client: PostgresClient): StatementClient {
  const runOf =
    (query: PostgresQuery): RunStatement =>
    ({ text, values }) =>
      query(text, values);
  const { poolSize } = client;
  return libraryClient(
    {
      poolSize,
      handleName: 'what its client hands out in `transaction()`',
      run: ({ text, values }) => client.query(text, values),
      transaction: (work) => client.transaction((query, handle) => work(runOf(query), handle)),
      within: (handle) => {
        const query = client.within?.(handle);
        return query && runOf(query);
      },
    },
    { prepares: false },
  );
}

function poolClient(pool: PostgresPool): StatementClient {
  return {
    prepares: true,
    losses: new LostConnections(pool),
    poolSize: pool.options?.max,
    handleName: 'a connection of pg (`await pool.connect()`) on which BEGIN has run',
    run: poolRun(pool),
    transaction: (work, beginning) => transactionOn(pool, work, beginning),
    within: (handle) => (isConnection(handle, pool) ? runOn(handle) : undefined),
    lend: () => lendListener(pool),
  };
}

/** A pool has `query` as well, but each of its statements runs in another transaction. */
function isConnection(handle: unknown, pool: PostgresPool): handle is PostgresPoolClient {
  if (typeof handle !== 'object' || handle === null || handle === pool || 'totalCount' in handle) return false;
  return 'query' in handle && typeof handle.query === 'function';
}

const statement = (text: string): PostgresStatement => ({ text, values: [] });

/** The level is said, because databases and roles may have another default, under which a lock does not show what it waited for. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED';

/** The statements that make settings. Not `set_config()`: that is a query, behind which the isolation cannot be chosen any more. */
function settingsOf({ settings = {} }: TransactionBeginning = {}): readonly string[] {
  return Object.entries(settings).map(
    ([name, value]) => `SET LOCAL ${name} = '${String(value).replaceAll("'", "''")}'`,
  );
}

/** Milliseconds that a rollback waits for the statement that is still running; then the connection is thrown away. */
const ROLLBACK_PATIENCE = 2_000;

/** How a pool runs single statements. As with its own `query()`, a connection on which one has failed is thrown away. */
export function poolRun(pool: PostgresPool): RunStatement {
  return (statement, answerTimeout) =>
    onConnection(pool, (connection) => runOn(connection)(statement, answerTimeout), {
      answerTimeout,
      clearUp: (error) => error as Error,
    });
}

function transactionOn<T>(
  pool: PostgresPool,
  work: (run: RunStatement, handle: unknown) => Promise<T>,
  beginning: TransactionBeginning = {},
): Promise<T> {
  const { answerTimeout } = beginning;
  const useConnection = async (connection: PostgresPoolClient): Promise<T> => {
    const run = runOn(connection);
    await run(statement([BEGIN, ...settingsOf(beginning)].join('; ')), answerTimeout);
    const result = await work(run, connection);
    await run(statement('COMMIT'), answerTimeout);
    return result;
  };
  return onConnection(pool, useConnection, { answerTimeout, clearUp: rollBack });
}

function runOn(connection: PostgresPoolClient): RunStatement {
  return (next, answerTimeout) => answered(connection.query(next), answerTimeout);
}

interface BorrowOptions {
  readonly answerTimeout: number | undefined;
  /** Behind a failure: says what is wrong with the connection, which is thrown away then. */
  readonly clearUp: (error: unknown, connection: PostgresPoolClient) => Error | undefined | Promise<Error | undefined>;
}

/** Lends a connection to `work`. */
async function onConnection<T>(
  pool: PostgresPool,
  work: (connection: PostgresPoolClient) => Promise<T>,
  { answerTimeout, clearUp }: BorrowOptions,
): Promise<T> {
  const connection = await borrowed(pool.connect(), answerTimeout);
  // Without a listener, a connection that is lost between two statements would end the process. The next statement tells.
  connection.on?.('error', ignore);
  let broken: Error | undefined;
  try {
    return await work(connection);
  } catch (error) {
    broken = await clearUp(error, connection);
    // The server has rolled back already, or will, whatever the work has made of it.
    if (broken instanceof ConnectionLostError) throw new ConnectionLostError(broken.message, { cause: error });
    throw error;
  } finally {
    connection.off?.('error', ignore);
    connection.release(broken);
  }
}

/** A connection that cannot roll back soon is of no use to anybody: thrown away, it commits nothing either. */
async function rollBack(error: unknown, connection: PostgresPoolClient): Promise<Error | undefined> {
  if (isUnanswered(error)) return connectionLost(error);
  try {
    const rolledBack = connection.query(statement('ROLLBACK')).then(() => undefined);
    return await answerWithin<Error | undefined>(ROLLBACK_PATIENCE, rolledBack, stillBusy);
  } catch (lost) {
    return connectionLost(lost);
  }
}

function connectionLost(cause: unknown): ConnectionLostError {
  return new ConnectionLostError('The connection was lost in the middle of a transaction.', { cause });
}

function stillBusy(): Error {
  return new Error('The connection was still busy.');
}

/** For connections that are lost while nobody uses them: the pool makes others. */
function ignore(): void {
  // Whoever uses the connection next is told.
}
