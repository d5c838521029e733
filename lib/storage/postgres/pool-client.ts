import type {
  PostgresClient,
  PostgresListener,
  PostgresOwnListener,
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
  /** Lends a connection for listening; absent where it cannot. */
  readonly lend?: () => Promise<LentListener>;
  /** From now on, a connection that is lost while nobody uses it does not end the process. */
  watch(): void;
  /** Leaves that to the application again. */
  unwatch(): void;
}

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
    lend: () => lendListener(client),
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
