import type {
  PostgresClient,
  PostgresPool,
  PostgresPoolClient,
  PostgresResult,
  PostgresStatement,
} from './postgres-client.js';

/** Runs a statement, as far down as the storage goes. */
export type RunStatement = (statement: PostgresStatement) => Promise<PostgresResult>;

/** A pool or another client, as the storage uses it. */
export interface StatementClient {
  /** Whether statements with a name are prepared; elsewhere names are ignored. */
  readonly prepares: boolean;
  readonly run: RunStatement;
  transaction<T>(work: (run: RunStatement) => Promise<T>): Promise<T>;
  /** From now on, a connection that is lost while nobody uses it does not end the process. */
  watch(): void;
  /** Leaves that to the application again. */
  unwatch(): void;
}

/** Tells a pool from another client, and makes both alike. */
export function statementClient(client: PostgresClient | PostgresPool): StatementClient {
  if ('transaction' in client) {
    return {
      prepares: false,
      run: ({ text, values }) => client.query(text, values),
      transaction: (work) => client.transaction((query) => work(({ text, values }) => query(text, values))),
      watch: ignore,
      unwatch: ignore,
    };
  }
  return {
    prepares: true,
    run: (statement) => client.query(statement),
    transaction: (work) => transactionOn(client, work),
    watch: () => client.on?.('error', ignore),
    unwatch: () => client.off?.('error', ignore),
  };
}

const statement = (text: string): PostgresStatement => ({ text, values: [] });

/** The level is said, because databases and roles may have another default, under which a lock does not show what it waited for. */
const BEGIN = statement('BEGIN ISOLATION LEVEL READ COMMITTED');

async function transactionOn<T>(pool: PostgresPool, work: (run: RunStatement) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // Without a listener, a connection that is lost between two statements would end the process. The next statement tells.
  client.on?.('error', ignore);
  let broken: Error | undefined;
  try {
    await client.query(BEGIN);
    const result = await work((next) => client.query(next));
    await client.query(statement('COMMIT'));
    return result;
  } catch (error) {
    broken = await rollBack(client);
    throw error;
  } finally {
    client.off?.('error', ignore);
    client.release(broken);
  }
}

/** A connection that cannot even roll back is of no use to anybody. */
async function rollBack(client: PostgresPoolClient): Promise<Error | undefined> {
  try {
    await client.query(statement('ROLLBACK'));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error('The connection could not roll back.', { cause: error });
  }
}

/** For connections that are lost while nobody uses them: the pool makes others. */
function ignore(): void {
  // Whoever uses the connection next is told.
}
