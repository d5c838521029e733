import { answerWithin } from '../answer-within.js';
import { BUSY_AFTER } from '../sql/shared-work.js';
import type { RunStatement } from './pool-client.js';
import { isFrom, type ServerVersion } from './server-version.js';

/** The longest that both servers take, in seconds: a year. */
const LONGEST = 31_536_000;

/** Statements by which the server ends a transaction in which nothing happens, and with it the locks of a process that stands still. */
export interface IdleLimit {
  /** Keeps what the session had, and sets the limit. */
  readonly set: string;
  /** The same before a transaction, which it makes READ COMMITTED as well. */
  readonly setWithLevel: string;
  /** Gives the session back what it had: it may be the application's next. */
  readonly restore: string;
}

/**
 * A limit in milliseconds, as the server takes it. MariaDB counts how long a transaction idles. MySQL knows no more than how long a connection
 * does, whether in a transaction or not.
 */
export function idleLimit(server: ServerVersion, ms: number): IdleLimit {
  const timeout = server.kind === 'MariaDB' ? 'idle_transaction_timeout' : 'wait_timeout';
  const seconds = Math.min(Math.ceil(ms / 1000), LONGEST);
  const set = `@nest_saga_idle = @@SESSION.${timeout}, SESSION ${timeout} = ${seconds}`;
  return {
    set: `SET ${set}`,
    // Without a scope, and with `@@`, it is said of the next transaction alone.
    setWithLevel: `SET @@${levelVariable(server)} = 'READ-COMMITTED', ${set}`,
    restore: `SET SESSION ${timeout} = @nest_saga_idle`,
  };
}

function levelVariable(server: ServerVersion): string {
  return server.kind === 'MariaDB' && !isFrom(server, [11, 1]) ? 'tx_isolation' : 'transaction_isolation';
}

/**
 * Runs `work` under a limit in a transaction that a library begins and ends, and lends to nobody outside it. Where the session cannot be given
 * back what it had, its connection is gone or busy, and the library hears of that itself when it ends the transaction.
 */
export async function underIdleLimit<T>(run: RunStatement, limit: IdleLimit, work: () => Promise<T>): Promise<T> {
  await run(limit.set, []);
  try {
    return await work();
  } finally {
    const restored = run(limit.restore, []).then(
      () => undefined,
      () => undefined,
    );
    await answerWithin(BUSY_AFTER, restored, () => undefined);
  }
}
