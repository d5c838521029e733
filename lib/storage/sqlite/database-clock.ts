import type { Sql } from '../sql/saga-tables.js';
import type { SqliteConnection } from './sqlite-connection.js';

/** SQLite's own clock in milliseconds since the epoch; stands still within one statement. `subsec` is known since SQLite 3.42. */
export const NOW = `CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)`;

const SELECT_NOW: Sql = () => `SELECT ${NOW} AS now`;

/** Milliseconds for which a reading is carried on before SQLite is asked again. A host that sleeps or sets its clock is noticed then. */
const GOOD_FOR = 1_000;

/** What two readings may differ by for no better reason than that each is cut to a millisecond. */
const ROUNDING = 1;

/**
 * SQLite's clock, carried on by the process's monotonic one. A lone write takes no longer than two calls of the driver, and asking
 * for the time each time would be one more of them. Only stamps are taken from here: leases and due times are judged by {@link NOW}.
 */
export class DatabaseClock {
  private readAt = -Infinity;
  /** What the database's clock is ahead of the process's monotonic one. */
  private ahead = 0;

  constructor(private readonly connection: SqliteConnection) {}

  /**
   * Milliseconds since the epoch, never less than before unless the host's clock was set back. Rather behind than ahead: what is due at
   * this moment must be due for {@link NOW}.
   */
  now(): number {
    if (performance.now() - this.readAt >= GOOD_FOR) this.read();
    return Math.floor(performance.now() + this.ahead);
  }

  private read(): void {
    const { now } = this.connection.first<{ now: number }>(SELECT_NOW) as { now: number };
    // Only now: an answer that takes its time would leave the carried clock ahead of the database's by as much.
    const here = performance.now();
    this.readAt = here;
    if (Math.abs(now - here - this.ahead) > ROUNDING) this.ahead = now - here;
  }
}
