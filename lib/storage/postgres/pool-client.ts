import { answerWithin } from '../answer-within.js';
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

/** Runs a statement, as far down as the storage goes. */
export type RunStatement = (statement: PostgresStatement) => Promise<PostgresResult>;

/** What a transaction begins with. */
export interface TransactionBeginning {
  /** Settings of this transaction alone, set before its first statement, and so that its isolation can still be chosen. */
  readonly settings?: Readonly<Record<string, string | number>>;
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
    run: (statement) => pool.query(statement),
    transaction: (work, beginning) => transactionOn(pool, work, beginning),
    within: (handle) => (isConnection(handle, pool) ? (statement) => handle.query(statement) : undefined),
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

async function transactionOn<T>(
  pool: PostgresPool,
  work: (run: RunStatement, handle: unknown) => Promise<T>,
  beginning: TransactionBeginning | undefined,
): Promise<T> {
  const client = await pool.connect();
  // Without a listener, a connection that is lost between two statements would end the process. The next statement tells.
  client.on?.('error', ignore);
  let broken: Error | undefined;
  try {
    await client.query(statement([BEGIN, ...settingsOf(beginning)].join('; ')));
    const result = await work((next) => client.query(next), client);
    await client.query(statement('COMMIT'));
    return result;
  } catch (error) {
    broken = await rollBack(client);
    // The server has rolled back already, whatever the work has made of it.
    if (broken instanceof ConnectionLostError) throw new ConnectionLostError(broken.message, { cause: error });
    throw error;
  } finally {
    client.off?.('error', ignore);
    client.release(broken);
  }
}

/** A connection that cannot roll back soon is of no use to anybody: thrown away, it commits nothing either. */
async function rollBack(client: PostgresPoolClient): Promise<Error | undefined> {
  try {
    const rolledBack = client.query(statement('ROLLBACK')).then(() => undefined);
    return await answerWithin<Error | undefined>(ROLLBACK_PATIENCE, rolledBack, stillBusy);
  } catch (error) {
    return new ConnectionLostError('The connection was lost in the middle of a transaction.', { cause: error });
  }
}

function stillBusy(): Error {
  return new Error('The connection was still busy.');
}

/** For connections that are lost while nobody uses them: the pool makes others. */
function ignore(): void {
  // Whoever uses the connection next is told.
}
