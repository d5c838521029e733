import type { ClientLibrary } from './client-library.js';
import type { SqlClient } from './sql-client.js';

/** What a Prisma client (7 or later) is to a storage. */
export interface PrismaDatabase {
  /** Runs a statement, and gives its rows. */
  $queryRawUnsafe(sql: string, ...values: unknown[]): PromiseLike<unknown>;
  /** Runs a statement, and tells how many rows it has changed. */
  $executeRawUnsafe(sql: string, ...values: unknown[]): PromiseLike<number>;
  /** Begins transactions. */
  readonly $transaction: unknown;
}

/** Runs statements: a Prisma client or one of its transactions. */
export type PrismaStatements = Pick<PrismaDatabase, '$queryRawUnsafe' | '$executeRawUnsafe'>;

/** What is on every client; the public type asks for no more than an application should know of. */
interface PrismaInside extends PrismaStatements {
  /** `postgresql`, `mysql` …: the provider of the schema. */
  readonly _activeProvider: string;
  /** A client has it in common with its extensions and transactions. */
  readonly _engine: unknown;
  $transaction<T>(
    work: (transaction: PrismaStatements) => Promise<T>,
    options: { readonly isolationLevel: 'ReadCommitted'; readonly timeout: number; readonly maxWait: number },
  ): Promise<T>;
}

/** How a storage uses Prisma. */
export interface PrismaLibrary<Run, Use> {
  readonly provider: 'postgresql' | 'mysql';
  readonly runOn: (statements: PrismaStatements) => Run;
  readonly use: (client: SqlClient<Run>) => Use;
}

/**
 * A Prisma client over a driver adapter. Statements go through it as raw queries. It keeps its connections to itself, so nobody knows how
 * many there are.
 */
export function prismaLibrary<Run, Use>({ provider, runOn, use }: PrismaLibrary<Run, Use>): ClientLibrary<Use> {
  return (client) => {
    if (!isPrisma(client)) return undefined;
    if (isTransaction(client)) return { mistake: 'is a transaction of Prisma: give the client that began it' };
    const found = client._activeProvider;
    return found === provider
      ? { use: () => use(sqlClientOf(client, runOn)) }
      : { mistake: `is a Prisma client of '${found}', and has to be one of '${provider}'` };
  };
}

/**
 * Milliseconds, as long as a timer can be. Prisma would end transactions after 5 s, and wait 2 s for a connection: what is too long the storage
 * and the step's own timeout say, and the pool.
 */
const NEVER = 2_147_483_647;

function sqlClientOf<Run>(prisma: PrismaInside, runOn: (statements: PrismaStatements) => Run): SqlClient<Run> {
  return {
    poolSize: undefined,
    handleName: 'a transaction of its Prisma client that is still open',
    run: runOn(prisma),
    transaction: (work) =>
      prisma.$transaction((transaction) => work(runOn(transaction), transaction), {
        isolationLevel: 'ReadCommitted',
        timeout: NEVER,
        maxWait: NEVER,
      }),
    within: (handle) => (isTransactionOf(handle, prisma) ? runOn(handle) : undefined),
  };
}

/** Tells a client by what it has and no other library's handle does. */
function isPrisma(client: object): client is PrismaInside {
  return '$queryRawUnsafe' in client && '$executeRawUnsafe' in client && '_activeProvider' in client;
}

/** A transaction cannot close the client. */
function isTransaction(client: object): boolean {
  return !('$disconnect' in client);
}

function isTransactionOf(handle: unknown, { _engine }: PrismaInside): handle is PrismaInside {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    isPrisma(handle) &&
    isTransaction(handle) &&
    handle._engine === _engine
  );
}
