import { answerWithin } from '../answer-within.js';
import { BUSY_AFTER } from '../sql/shared-work.js';
import type { RunStatement } from './pool-client.js';
import { isFrom, type ServerVersion } from './server-version.js';

/** The longest that both servers take, in seconds: a year. */
const LONGEST = 31_536_000;

/** How long a transaction may stand in others' way, and others in its own; milliseconds. */
export interface Limits {
  /** How long nothing may happen in it: then the server ends it, and with it the locks of a process that stands still. */
  readonly idle: number;
  /** How long it waits for a lock. Default: as the session has it, which is 50 seconds where nobody says otherwise. */
  readonly lock?: number | undefined;
}

/** Statements by which the server keeps a transaction to {@link Limits}. */
export interface SessionLimits {
  /** Keeps what the session had, and sets the limits. */
  readonly set: string;
  /** The same before a transaction, which it makes READ COMMITTED as well. */
  readonly setWithLevel: string;
  /** Gives the session back what it had: it may be the application's next. */
  readonly restore: string;
}

/**
 * Limits as the server takes them. MariaDB counts how long a transaction idles. MySQL knows no more than how long a connection does, whether in
 * a transaction or not.
 */
export function sessionLimits(server: ServerVersion, { idle, lock }: Limits): SessionLimits {
  const variables: readonly (readonly [name: string, ms: number | undefined])[] = [
    [server.kind === 'MariaDB' ? 'idle_transaction_timeout' : 'wait_timeout', idle],
    ['innodb_lock_wait_timeout', lock],
  ];
  const limited = variables.flatMap(([name, ms]) => (ms === undefined ? [] : [{ name, seconds: secondsOf(ms) }]));
  const set = limited
    .map(({ name, seconds }) => `@nest_saga_${name} = @@SESSION.${name}, SESSION ${name} = ${seconds}`)
    .join(', ');
  return {
    set: `SET ${set}`,
    // Without a scope, and with `@@`, it is said of the next transaction alone.
    setWithLevel: `SET @@${levelVariable(server)} = 'READ-COMMITTED', ${set}`,
    restore: `SET ${limited.map(({ name }) => `SESSION ${name} = @nest_saga_${name}`).join(', ')}`,
  };
}

function secondsOf(ms: number): number {
  return Math.min(Math.ceil(ms / 1000), LONGEST);
}

function levelVariable(server: ServerVersion): string {
  return server.kind === 'MariaDB' && !isFrom(server, [11, 1]) ? 'tx_isolation' : 'transaction_isolation';
}

/**
 * Runs `work` under limits in a transaction that a library begins and ends, and lends to nobody outside it. Where the session cannot be given
 * back what it had, its connection is gone or busy, and the library hears of that itself when it ends the transaction.
 */
export async function underLimits<T>(run: RunStatement, limits: SessionLimits, work: () => Promise<T>): Promise<T> {
  await run(limits.set, []);
  try {
    return await work();
  } finally {
    const restored = run(limits.restore, []).then(
      () => undefined,
      () => undefined,
    );
    await answerWithin(BUSY_AFTER, restored, () => undefined);
  }
}
