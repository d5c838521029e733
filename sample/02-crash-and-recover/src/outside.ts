import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';

/** How often the world outside was asked for something, and how often it did it. */
export interface Request {
  readonly key: string;
  readonly asked: number;
  readonly done: number;
}

export interface Line {
  /** The request whose answer never comes. */
  readonly stuckIn?: string | undefined;
  readonly onStuck?: () => void;
}

/**
 * The warehouse, the bank and the carrier: systems that outlive every worker. They keep a book by idempotency key, and do
 * nothing a second time that stands in it.
 */
export class Outside {
  private readonly db: Database.Database;

  constructor(
    directory: string,
    private readonly line: Line = {},
  ) {
    this.db = new Database(path.join(directory, 'outside.db'));
    this.db.pragma('busy_timeout = 5000');
    this.db.exec('CREATE TABLE IF NOT EXISTS requests (key TEXT); CREATE TABLE IF NOT EXISTS effects (key TEXT)');
  }

  async request(key: string): Promise<void> {
    this.db.prepare('INSERT INTO requests VALUES (?)').run(key);
    this.db.prepare('INSERT INTO effects SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM effects WHERE key = ?1)').run(key);
    if (key !== this.line.stuckIn) return;
    this.line.onStuck?.();
    // It is done outside, and the answer is still on its way: the moment at which a crash is worst.
    await sleep(60_000);
  }

  /** What was asked for one order, in the order in which it was first asked for. */
  requests(orderId: string): readonly Request[] {
    return this.db
      .prepare(
        `SELECT key, count(*) AS asked, (SELECT count(*) FROM effects WHERE effects.key = requests.key) AS done
         FROM requests WHERE key LIKE ? GROUP BY key ORDER BY min(rowid)`,
      )
      .all(`${orderId}:%`) as Request[];
  }
}
